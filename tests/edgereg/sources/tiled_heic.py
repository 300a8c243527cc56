"""A HEIC picture in tiles, as telephones write them, put together box by box (ISO/IEC 23008-12)."""

from __future__ import annotations

import struct
from io import BytesIO
from itertools import accumulate
from typing import Any

import numpy as np
import pytest

SIDE = 64


def tiled_heic(*colours: tuple[int, int, int], quarters: int = 0) -> bytes:
    """A row of tiles of 64 px, one of each RGB colour; turned anticlockwise by so many quarters.

    Skips the test where no HEVC encoder is there.
    """
    coded = [_coded(colour) for colour in colours]
    setup, tiles = coded[0][0], [data for _, data in coded]
    width = SIDE * len(colours)
    items = [bytes([0, 0, 0, len(colours) - 1]) + struct.pack(">HH", width, SIDE), *tiles]
    numbers = range(1, len(items) + 1)
    kinds = [b"grid", *[b"hvc1"] * len(tiles)]
    entries = [
        _full(b"infe", 2, struct.pack(">HH", n, 0) + kind + b"\0")
        for n, kind in zip(numbers, kinds, strict=True)
    ]
    made_of = struct.pack(f">HH{len(tiles)}H", 1, len(tiles), *numbers[1:])
    properties = [
        setup,
        _full(b"ispe", 0, struct.pack(">II", SIDE, SIDE)),
        _full(b"ispe", 0, struct.pack(">II", width, SIDE)),
        _box(b"irot", bytes([quarters])),
    ]
    # Of each item the numbers of its properties; the high bit: it can't be read without.
    known = [[3, 0x84], *[[0x81, 2] for _ in tiles]]
    associated = b"".join(
        struct.pack(">HB", n, len(each)) + bytes(each)
        for n, each in zip(numbers, known, strict=True)
    )

    def meta(start: int) -> bytes:
        starts = accumulate(map(len, items[:-1]), initial=start)
        places = b"".join(
            struct.pack(">HHHII", n, 0, 1, at, len(item))
            for n, at, item in zip(numbers, starts, items, strict=True)
        )
        described = struct.pack(">I", len(items)) + associated
        parts = (
            _full(b"hdlr", 0, bytes(4) + b"pict" + bytes(13)),
            _full(b"pitm", 0, struct.pack(">H", 1)),
            _full(b"iloc", 0, struct.pack(">HH", 0x4400, len(items)) + places),
            _full(b"iinf", 0, struct.pack(">H", len(items)) + b"".join(entries)),
            _full(b"iref", 0, _box(b"dimg", made_of)),
            _box(b"iprp", _box(b"ipco", b"".join(properties)) + _full(b"ipma", 0, described)),
        )
        return _full(b"meta", 0, b"".join(parts))

    head = _box(b"ftyp", b"heic" + bytes(4) + b"mif1heic")
    start = len(head) + len(meta(0)) + 8
    return head + meta(start) + _box(b"mdat", b"".join(items))


def _coded(colour: tuple[int, int, int]) -> tuple[bytes, bytes]:
    """The box that sets the decoder up, and the coded picture."""
    heif: Any = pytest.importorskip("pillow_heif")
    if not heif.libheif_info()["HEIF"]:
        pytest.skip("needs an HEVC encoder")
    pixels = np.full((SIDE, SIDE, 3), colour, np.uint8)
    written = BytesIO()
    heif.from_bytes("RGB", (SIDE, SIDE), pixels.tobytes()).save(written, quality=90)
    content = written.getvalue()
    setup = content.index(b"hvcC") - 4
    data = content.index(b"mdat") + 4
    (length,) = struct.unpack_from(">I", content, setup)
    return content[setup : setup + length], content[data:]


def _box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + name + body


def _full(name: bytes, version: int, body: bytes) -> bytes:
    return _box(name, struct.pack(">I", version << 24) + body)
