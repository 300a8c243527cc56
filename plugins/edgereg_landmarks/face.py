"""The 68 points of iBUG and 300-W: their names, and the lines that make a face of them.

Left and right are the person's own: the right brow is at the left of an unmirrored picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

# A point whose standard deviation is a larger share of the head counts as not seen. Of rendered
# faces it errs twice as far (docs/faces.md).
SURE = 0.04
# A face counts as seen where at least this share of its points but the jaw's is.
SEEN_SHARE = 1 / 3
SEEN, UNSEEN = "seen", "unseen"


@dataclass(frozen=True)
class Line:
    """Points `first` to `last` in order, the last joined to the first where `closed`."""

    name: str
    first: int
    last: int
    closed: bool = False

    @property
    def points(self) -> tuple[int, ...]:
        """Their indices."""
        return tuple(range(self.first, self.last + 1))

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Neighbours along the line."""
        joined = (*self.points, self.first) if self.closed else self.points
        return tuple(pairwise(joined))


FACE = (
    Line("jaw", 0, 16),
    Line("right_brow", 17, 21),
    Line("left_brow", 22, 26),
    Line("nose_bridge", 27, 30),
    Line("nose_base", 31, 35),
    Line("right_eye", 36, 41, closed=True),
    Line("left_eye", 42, 47, closed=True),
    Line("outer_lips", 48, 59, closed=True),
    Line("inner_lips", 60, 67, closed=True),
)
JAW = FACE[0]
NAMES = tuple(f"{line.name}_{index}" for line in FACE for index in range(len(line.points)))
SKELETON = tuple(pair for line in FACE for pair in line.pairs)
