"""The label codes of BEL: which bits stand for which level.

Level q of N (counted from 0) has the code word in row q of a matrix [N, bits]. Every row equals
the authors' published tables bit for bit; where those tables have defects (an odd N of J repeats a
word), the rule of the even case is followed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Code = Literal["U", "J", "B1JDJ", "B2JDJ", "HEXJ", "HAD"]
Bits: TypeAlias = npt.NDArray[np.uint8]
Levels: TypeAlias = npt.NDArray[np.int64]

CODES: tuple[Code, ...] = ("U", "J", "B1JDJ", "B2JDJ", "HEXJ", "HAD")
# Codes in segments, whose words may run backwards in every second segment.
SEGMENTED: tuple[Code, ...] = ("B1JDJ", "B2JDJ", "HEXJ")


def code_matrix(code: Code, levels: int, *, spare: bool = True, reflected: bool = True) -> Bits:
    """The code words of a code: uint8 [levels, bits], row q for level q (paper Fig. 2).

    spare: U keeps the last bit of the authors' tables, which is 0 in every word; without it U has
    levels - 1 bits, as the paper says. reflected: every second segment of B1JDJ, B2JDJ and HEXJ
    runs backwards, so that neighbouring words differ in one bit; False gives the plain codes of
    the paper's Table 16. Raises ValueError for an unknown code, for fewer than 2 levels, and where
    `reflected=False` is asked of a code without segments.
    """
    if code not in CODES:
        raise ValueError(f"unknown code '{code}' (known: {', '.join(CODES)})")
    if levels < 2:
        raise ValueError(f"a code needs at least 2 levels, got {levels}")
    if not reflected and code not in SEGMENTED:
        raise ValueError(f"code {code} has no segments: only {', '.join(SEGMENTED)} can be plain")
    table = _table(code, levels, reflected)
    return (table if spare or code != "U" else table[:, :-1]).copy()


@lru_cache(maxsize=64)
def _table(code: Code, levels: int, reflected: bool) -> Bits:
    return _GENERATORS[code](np.arange(levels), reflected).astype(np.uint8)


def _johnson(levels: Levels, bits: int) -> Bits:
    """Johnson counter words of levels 0..2 bits: ones enter from the right, leave to the left."""
    place = np.arange(bits)
    entering = place >= bits - levels[:, None]
    leaving = place < 2 * bits - levels[:, None]
    return np.where(levels[:, None] <= bits, entering, leaving).astype(np.uint8)


def unary(levels: Levels, _reflected: bool) -> Bits:
    """Bit i of level q is set where i < q."""
    return (np.arange(len(levels)) < levels[:, None]).astype(np.uint8)


def whole_johnson(levels: Levels, _reflected: bool) -> Bits:
    """One Johnson counter over all levels."""
    # An odd count takes the words of the next even one: N // 2 bits would repeat a word.
    return _johnson(levels, -(-len(levels) // 2))


def _based_johnson(base_bits: int) -> Callable[[Levels, bool], Bits]:
    """Displacement within the segment, then the segment's own word."""

    def words(levels: Levels, reflected: bool) -> Bits:
        bits = -(-len(levels) // (4 * base_bits))
        base, displacement = np.divmod(levels, 2 * bits)
        if reflected:
            displacement = _backwards(displacement, base, 2 * bits)
        return np.hstack([_johnson(displacement, bits), _johnson(base, base_bits)])

    return words


def hexadecimal_johnson(levels: Levels, reflected: bool) -> Bits:
    """Two digits of 16 levels and 8 bits each, and a third above 256 levels."""
    top, rest = np.divmod(levels, 256)
    if reflected:
        rest = _backwards(rest, top, 256)
    high, low = np.divmod(rest, 16)
    if reflected:
        low = _backwards(low, high, 16)
    digits = [_johnson(high, 8), _johnson(low, 8)]
    if len(levels) > 256:
        digits.append(_johnson(top, (-(-len(levels) // 256) + 1) // 2))
    return np.hstack(digits)


def hadamard(levels: Levels, _reflected: bool) -> Bits:
    """Rows of a Hadamard matrix of 0 and 1."""
    bits = 1
    matrix = np.ones((1, 1), np.uint8)
    while bits < len(levels):
        matrix = np.block([[matrix, matrix], [matrix, 1 - matrix]])
        bits *= 2
    return matrix[: len(levels)]


def _backwards(position: Levels, segment: Levels, length: int) -> Levels:
    """Positions within segments of a length, mirrored in the odd segments."""
    return np.where(segment % 2 == 1, length - 1 - position, position)


_GENERATORS: dict[Code, Callable[[Levels, bool], Bits]] = {
    "U": unary,
    "J": whole_johnson,
    "B1JDJ": _based_johnson(1),
    "B2JDJ": _based_johnson(2),
    "HEXJ": hexadecimal_johnson,
    "HAD": hadamard,
}
