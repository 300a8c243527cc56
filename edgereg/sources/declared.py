"""What a still picture's header declares, read before a decoder asks for memory.

A few bytes may declare gigabytes: 30 kB of PNG made OpenCV take 3.2 GB. Only formats that are
known here are handed on.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Declared:
    """Width and height in pixels; whole: the file doesn't end before its picture does.

    usable: whether a decoder may be given what is there.
    """

    width: int
    height: int
    whole: bool = True
    usable: bool = True


def declared(content: bytes) -> Declared | None:
    """The size that an image file declares; None where it is of no format that is known here.

    Knows PNG, JPEG, BMP, WebP, TIFF, PNM and JPEG 2000.
    """
    for start, read in _FORMATS:
        if content.startswith(start):
            try:
                return read(content)
            except (struct.error, IndexError, ValueError):
                return None
    return None


def _png(content: bytes) -> Declared | None:
    width, height = struct.unpack_from(">II", content, 16)
    at, name = 8, b""
    while name != b"IEND" and at + 8 <= len(content):
        size, name = struct.unpack_from(">I4s", content, at)
        at += 12 + size
    # OpenCV asks for the memory that a part declares, before it sees that the file is shorter.
    return Declared(width, height, whole=name == b"IEND", usable=at <= len(content))


def _jpeg(content: bytes) -> Declared | None:
    at, size = 2, None
    while at + 4 <= len(content):
        if content[at] != 0xFF:
            return None
        marker = content[at + 1]
        if marker == 0xFF or 0xD0 <= marker <= 0xD8 or marker == 1:  # filling, or without a length
            at += 1 if marker == 0xFF else 2
            continue
        if marker == 0xDA and size:  # the picture itself begins; its end is a marker too
            return Declared(*size, whole=content.rfind(b"\xff\xd9") > at)
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", content, at + 5)
            size = (width, height)
        at += 2 + struct.unpack_from(">H", content, at + 2)[0]
    return None


def _bmp(content: bytes) -> Declared | None:
    (header,) = struct.unpack_from("<I", content, 14)
    width, height = struct.unpack_from("<HH" if header == 12 else "<ii", content, 18)
    return Declared(abs(width), abs(height))


def _webp(content: bytes) -> Declared | None:
    if content[8:12] != b"WEBP":
        return None
    whole = struct.unpack_from("<I", content, 4)[0] + 8 <= len(content)
    kind, data = content[12:16], content[20:]
    if kind == b"VP8X":
        sides = [1 + int.from_bytes(data[at : at + 3], "little") for at in (4, 7)]
        return Declared(sides[0], sides[1], whole)
    if kind == b"VP8L":
        bits = int.from_bytes(data[1:5], "little")
        return Declared(1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF), whole)
    width, height = struct.unpack_from("<HH", data, 6)
    return Declared(width & 0x3FFF, height & 0x3FFF, whole)


def _tiff(content: bytes) -> Declared | None:
    order = "<" if content[:2] == b"II" else ">"
    big = struct.unpack_from(order + "H", content, 2)[0] == 43
    (at,) = struct.unpack_from(order + ("Q" if big else "I"), content, 8 if big else 4)
    (count,) = struct.unpack_from(order + ("Q" if big else "H"), content, at)
    at += 8 if big else 2
    sides: dict[int, int] = {}
    for entry in range(at, at + min(count, 4096) * (20 if big else 12), 20 if big else 12):
        tag, kind = struct.unpack_from(order + "HH", content, entry)
        if tag in (256, 257):  # ImageWidth, ImageLength; as short or long
            place = entry + (12 if big else 8)
            (sides[tag],) = struct.unpack_from(order + ("H" if kind == 3 else "I"), content, place)
    return Declared(sides[256], sides[257]) if len(sides) == 2 else None


def _pnm(content: bytes) -> Declared | None:
    plain = re.sub(rb"#[^\n]*", b" ", content[:4096])
    if content.startswith(b"P7"):
        found = [re.search(rb"\b%s\s+(\d+)" % side, plain) for side in (b"WIDTH", b"HEIGHT")]
        width, height = (int(each[1]) for each in found if each)
        return Declared(width, height)
    sides = plain.split(None, 3)
    return Declared(int(sides[1]), int(sides[2]))


def _jpeg2000(content: bytes) -> Declared | None:
    at = content.find(b"ihdr", 0, 4096)
    if at > 0:
        height, width = struct.unpack_from(">II", content, at + 4)
        return Declared(width, height)
    return _codestream(content[content.find(b"\xff\x4f\xff\x51") :])


def _codestream(content: bytes) -> Declared | None:
    width, height, left, top = struct.unpack_from(">IIII", content, 8)
    return Declared(width - left, height - top)


_FORMATS: tuple[tuple[bytes, Callable[[bytes], Declared | None]], ...] = (
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"\xff\xd8\xff", _jpeg),
    (b"BM", _bmp),
    (b"RIFF", _webp),
    (b"II*\0", _tiff),
    (b"II+\0", _tiff),
    (b"MM\0*", _tiff),
    (b"MM\0+", _tiff),
    *((b"P%d" % kind, _pnm) for kind in range(1, 8)),
    (b"\0\0\0\x0cjP  ", _jpeg2000),
    (b"\xff\x4f\xff\x51", _codestream),
)
