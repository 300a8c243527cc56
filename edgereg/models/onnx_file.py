"""What files an ONNX graph reads besides its own, found without the onnx package.

An ONNX file is a protobuf message. A tensor in it may name another file, at any path, which ONNX
Runtime opens when it loads the graph; before 1.23 it does so outside the graph's folder as well.
Followed are only the fields that lead to tensors; their numbers are those of onnx.proto3, which
never change.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

# Fields of a message that lead to tensors: {message: {field: message inside}}.
_LEADS = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {
        5: "tensor",
        6: "graph",
        10: "tensor",
        11: "graph",
        22: "sparse",
        23: "sparse",
    },
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "entry"},
}
OP_TYPE = 4
MOST_NESTED = 100
# What protobuf itself can hold.
MOST_BYTES = 2**31
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def outside_files(path: Path) -> frozenset[str]:
    """Names of the files that the graph's tensors lie in, as it gives them.

    Raises OSError where the file can't be read, ValueError where it is no ONNX file.
    """
    size = path.stat().st_size
    if not 0 < size < MOST_BYTES:
        raise ValueError("is empty" if not size else "is larger than an ONNX file can be")
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
        memoryview(content) as view,
    ):
        return frozenset(_locations(view))


def _locations(content: memoryview) -> Iterator[str]:
    waiting = [("model", 0, len(content), 0)]
    while waiting:
        message, start, stop, depth = waiting.pop()
        if depth > MOST_NESTED:
            raise ValueError(f"is nested deeper than {MOST_NESTED}")
        if message == "entry":
            key, value = _pair(content, start, stop)
            if key == b"location":
                yield value.decode("utf-8", "replace")
            continue
        leads = _LEADS[message]
        for field, begin, end in _fields(content, start, stop):
            if message == "node" and field == OP_TYPE and bytes(content[begin:end]) == b"EPContext":
                raise ValueError(
                    "holds an engine compiled elsewhere (EPContext), which reads files"
                )
            if field in leads:
                waiting.append((leads[field], begin, end, depth + 1))


def _pair(content: memoryview, start: int, stop: int) -> tuple[bytes, bytes]:
    """Key and value of a StringStringEntryProto."""
    found = {
        field: bytes(content[begin:end]) for field, begin, end in _fields(content, start, stop)
    }
    return found.get(1, b""), found.get(2, b"")


def _fields(content: memoryview, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """(number, begin, end) of each field of bytes in a message; the others are passed over."""
    place = start
    while place < stop:
        tag, place = _varint(content, place, stop)
        kind = tag & 7
        if kind == _VARINT:
            _, place = _varint(content, place, stop)
        elif kind in (_FIXED64, _FIXED32):
            place += 8 if kind == _FIXED64 else 4
        elif kind == _BYTES:
            length, place = _varint(content, place, stop)
            if place + length > stop:
                raise ValueError("is cut off or no ONNX file")
            yield tag >> 3, place, place + length
            place += length
        else:
            raise ValueError("is no ONNX file")
    if place != stop:
        raise ValueError("is cut off or no ONNX file")


def _varint(content: memoryview, place: int, stop: int) -> tuple[int, int]:
    """A number and the place behind it."""
    value = shift = 0
    while place < stop and shift < 64:
        byte = content[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if not byte & 0x80:
            return value, place
    raise ValueError("is cut off or no ONNX file")
