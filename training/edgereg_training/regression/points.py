"""The schemes of facial landmarks: how many points, and where each goes in a mirror."""

from __future__ import annotations

from collections.abc import Iterable

# Pairs that change places, counted from 0; all other points lie on the middle line.
_PAIRS: dict[int, Iterable[tuple[int, int]]] = {
    # AFLW
    19: [(0, 5), (1, 4), (2, 3), (6, 11), (7, 10), (8, 9), (12, 14), (15, 17)],
    # COFW
    29: [
        (0, 1), (2, 3), (4, 6), (5, 7), (8, 9), (10, 11), (12, 14), (13, 15), (16, 17), (18, 19),
        (22, 23),
    ],
    # Multi-PIE's, of 300-W, 300W-LP and the rendered heads
    68: [
        *((k, 16 - k) for k in range(8)),
        *((17 + k, 26 - k) for k in range(5)),
        (31, 35), (32, 34),
        (36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46),
        (48, 54), (49, 53), (50, 52), (55, 59), (56, 58),
        (60, 64), (61, 63), (65, 67),
    ],
    # WFLW
    98: [
        *((k, 32 - k) for k in range(16)),
        *((33 + k, 46 - k) for k in range(5)), *((38 + k, 50 - k) for k in range(4)),
        (55, 59), (56, 58),
        *((60 + k, 72 - k) for k in range(5)), (65, 75), (66, 74), (67, 73),
        (76, 82), (77, 81), (78, 80), (83, 87), (84, 86),
        (88, 92), (89, 91), (93, 95), (96, 97),
    ],
}  # fmt: skip
COUNTS = tuple(sorted(_PAIRS))


def mirror_order(count: int) -> tuple[int, ...]:
    """The place of each of 19, 29, 68 or 98 points after mirroring."""
    order = list(range(count))
    for left, right in _PAIRS[count]:
        order[left], order[right] = right, left
    return tuple(order)
