"""Whether a file ends before its container says so: the sign of an interrupted copy or recording.

Each format is followed through its outermost parts only. A format that is not known here, or can't
be followed, counts as whole.
"""

from __future__ import annotations

import re
import struct
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO

# How much of a programme stream's end is searched for its last packet.
_TAIL = 1 << 20
# Matroska's element IDs that are followed inside: segment and cluster, when their size is unknown.
_SEGMENT, _CLUSTER = 0x18538067, 0x1F43B675


def is_cut_off(path: Path, format_name: str) -> bool:
    """Whether the last part of the file is incomplete. format_name: as FFmpeg names it."""
    check = next((found for name, found in _CHECKS.items() if name in format_name.split(",")), None)
    if check is None:
        return False
    try:
        with path.open("rb") as file:
            length = file.seek(0, 2)
            file.seek(0)
            return check(file, length)
    except (OSError, struct.error):
        return False


def _boxes(file: IO[bytes], length: int) -> bool:
    """MP4, MOV, 3GP, AVIF: boxes of a size and a name."""
    at = 0
    while at + 8 <= length:
        file.seek(at)
        size, name = struct.unpack(">I4s", file.read(8))
        if size == 1:
            (size,) = struct.unpack(">Q", file.read(8))
        if size == 0 or not name.isalnum():  # up to the end; or no box: padding
            return False
        if size < 8:
            return False
        at += size
    return at != length


def _riff(file: IO[bytes], length: int) -> bool:
    """AVI, WebP: RIFF parts of a name and a size; a recorder that stopped left the size at 0."""
    at = 0
    while at + 8 <= length:
        file.seek(at)
        name, size = struct.unpack("<4sI", file.read(8))
        if name != b"RIFF":
            return False
        if size == 0:
            return True
        at += 8 + size + size % 2
    return at > length + 1


def _gif(file: IO[bytes], length: int) -> bool:
    """GIF: blocks until a trailer."""

    def colours(flags: int) -> int:
        return 3 << (flags & 7) + 1 if flags & 0x80 else 0

    head = file.read(13)
    file.seek(13 + colours(head[10]))
    while kind := file.read(1):
        if kind == b";":
            return False
        if kind == b",":
            flags = file.read(9)[-1:]
            file.seek(colours(flags[0] if flags else 0) + 1, 1)
        else:
            file.seek(1, 1)
        while (size := file.read(1)) and size != b"\0":
            file.seek(size[0], 1)
    return True


def _png(file: IO[bytes], length: int) -> bool:
    """PNG and APNG: chunks until IEND."""
    at = 8
    while at + 12 <= length:
        file.seek(at)
        size, name = struct.unpack(">I4s", file.read(8))
        at += 12 + size
        if name == b"IEND":
            return bool(at > length)
    return True


def _matroska(file: IO[bytes], length: int) -> bool:
    """Matroska, WebM: elements of an ID and a size; of unknown size while they are written."""
    at = 0
    while at < length:
        file.seek(at)
        head = file.read(12)
        name, used = _number(head, keep_marker=True)
        size, more = _number(head[used:], keep_marker=False)
        if not used or not more:
            return True
        at += used + more
        unknown = size == (1 << 7 * more) - 1
        if not unknown:
            at += size
        elif name not in (_SEGMENT, _CLUSTER):
            return False
    return at != length


def _number(data: bytes, *, keep_marker: bool) -> tuple[int, int]:
    """(value, bytes used) of EBML's numbers of changing length; (0, 0) where incomplete."""
    if not data or not data[0]:
        return 0, 0
    used = 9 - data[0].bit_length()
    if len(data) < used:
        return 0, 0
    value = int.from_bytes(data[:used], "big")
    return (value if keep_marker else value & ((1 << 7 * used) - 1)), used


def _transport(file: IO[bytes], length: int) -> bool:
    """MPEG-TS and M2TS: packets of 188, 192 or 204 bytes."""
    head = file.read(2048)
    for size, first in ((188, 0), (192, 4), (204, 0)):
        if all(head[at : at + 1] == b"G" for at in range(first, min(len(head), 5 * size), size)):
            return length % size != 0
    return False


def _programme(file: IO[bytes], length: int) -> bool:
    """MPEG-PS, VOB: the last packet's size against the file's end."""
    begin = max(0, length - _TAIL)
    file.seek(begin)
    tail = file.read()
    found = deque(re.finditer(rb"\x00\x00\x01[\xbd-\xbf\xc0-\xef]..", tail, re.S), maxlen=1)
    return any(begin + last.end() + int.from_bytes(last[0][4:], "big") > length for last in found)


def _dv(file: IO[bytes], length: int) -> bool:
    """Raw DV: frames of one size, 12 sequences of 80-byte blocks in 625 lines, 10 in 525."""
    wide = file.read(4)[3:4] >= b"\x80"
    return length % (144_000 if wide else 120_000) != 0


def _flv(file: IO[bytes], length: int) -> bool:
    """FLV: tags of a size, which stands again behind each."""
    at = 13
    while at + 11 <= length:
        file.seek(at)
        at += 15 + int.from_bytes(file.read(4)[1:], "big")
    return at != length


_CHECKS: dict[str, Callable[[IO[bytes], int], bool]] = {
    "mp4": _boxes,
    "avi": _riff,
    "gif": _gif,
    "apng": _png,
    "matroska": _matroska,
    "mpegts": _transport,
    "mpeg": _programme,
    "dv": _dv,
    "flv": _flv,
}
