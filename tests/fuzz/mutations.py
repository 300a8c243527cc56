"""Damage done to bytes: what disks, networks and ill will do to files."""

from __future__ import annotations

import random

# Numbers at which a size or a count goes wrong.
NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**63 - 1)
# What breaks readers of text.
WORDS = (
    b"[" * 3000,
    b'{"a":' * 300,
    b"9" * 5000,
    b"1e999",
    b"-1e308",
    b"NaN",
    b"null",
    b"true",
    b'""',
    b"\\ud800",
    b"\xff\xfe",
    b"\0",
    b"../../etc/passwd",
    b"&a [*a, *a]",
    b"!!python/object:os.system x",
    b"2001-99-99",
    b"\x1b[31m",
)


def mutated(content: bytes, dice: random.Random, *, text: bool) -> bytes:
    """The content with one to four faults, chosen by the dice."""
    data = bytearray(content)
    for _ in range(dice.randint(1, 4)):
        data = _hurt(data, dice, text)
    return bytes(data)


def _hurt(data: bytearray, dice: random.Random, text: bool) -> bytearray:
    start = dice.randrange(len(data) + 1)
    stop = min(len(data), start + dice.choice((1, 1, 2, 4, 8, 64, 1024)))
    kind = dice.randrange(7)
    if kind == 0 and start < stop:
        data[start] ^= 1 << dice.randrange(8)
    elif kind == 1:
        data[start:stop] = dice.randbytes(stop - start)
    elif kind == 2:
        del data[start:stop]
    elif kind == 3:
        data[start:start] = data[start:stop]
    elif kind == 4:
        # The beginning is what readers trust most.
        del data[dice.choice((start, start, min(start, 64))) :]
    elif kind == 5 and text:
        data[start:stop] = dice.choice(WORDS)
    else:
        width, order = dice.choice((1, 2, 4, 8)), dice.choice(("big", "little"))
        number = dice.choice(NUMBERS) % 256**width
        data[start : start + width] = number.to_bytes(width, order)  # type: ignore[arg-type]
    return data
