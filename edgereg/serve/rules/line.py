"""Tracks that cross a line, each crossing once."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edgereg.serve.rules.config import LineRule
from edgereg.serve.rules.subject import Subject

Point = tuple[float, float]


@dataclass(frozen=True)
class Held:
    """Where a track was when it last was clearly on one side, 'left' or 'right'; None: never."""

    point: Point | None = None
    side: str | None = None


def seen(rule: LineRule, held: Held, subject: Subject) -> tuple[Held, list[str]]:
    """What is held after a frame, and the event: the side that was reached across the line.

    A track nearer than the margin is on neither side; one that goes round an end crosses nothing.
    """
    point = subject.point(rule.of, rule.units)
    if point is None:
        return held, []
    off = to_the_right(rule, point)
    if abs(off) <= rule.margin:
        return held, []
    side = "right" if off > 0 else "left"
    crossed = (
        held.point is not None and side != held.side and _between_ends(rule, held.point, point)
    )
    wanted = rule.direction in ("any", side)
    return Held(point, side), [side] if crossed and wanted else []


def gone(rule: LineRule, held: Held) -> list[str]:
    """A track that is not seen any more crosses nothing."""
    return []


def to_the_right(rule: LineRule, point: Point) -> float:
    """How far to the right of the line a point is, as seen by who looks from start to end."""
    (x1, y1), (x2, y2) = rule.start, rule.end
    length = math.hypot(x2 - x1, y2 - y1)
    # The picture's y goes down, so that the right of (1, 0) is (0, 1).
    return ((x2 - x1) * (point[1] - y1) - (y2 - y1) * (point[0] - x1)) / length


def _between_ends(rule: LineRule, before: Point, after: Point) -> bool:
    """Whether the way from one side to the other meets the line between its ends."""
    there, here = to_the_right(rule, before), to_the_right(rule, after)
    share = there / (there - here)
    x = before[0] + share * (after[0] - before[0])
    y = before[1] + share * (after[1] - before[1])
    (x1, y1), (x2, y2) = rule.start, rule.end
    along = (x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)
    return 0 <= along <= (x2 - x1) ** 2 + (y2 - y1) ** 2
