"""Lines by role: halo, dashes, graded trajectories."""

from __future__ import annotations

import itertools
import math

import numpy as np

from edgereg.core.marks import Role
from edgereg.paint.primitives import Dot, Line, Points, Primitive
from edgereg.paint.style import (
    DOT_RADIUS,
    HALO_ALPHA,
    HALO_WIDTH,
    PLATE,
    STROKES,
    Rgb,
    lightened,
)

# A line of more dashes than this is drawn solid: it is far longer than the frame.
_MOST_DASHES = 2000


def stroke(points: Points, rgb: Rgb, role: Role, unit: float) -> list[Primitive]:
    """A line through points [N, 2] in the look of its role."""
    look = STROKES[role]
    colour = lightened(rgb, look.lighten)
    width = look.width * unit
    dash = None
    if look.dash is not None and _length(points) < _MOST_DASHES * sum(look.dash) * unit:
        dash = look.dash[0] * unit, look.dash[1] * unit
    line = Line(points, colour, width, look.alpha, dash)
    if look.halo:
        return [Line(points, PLATE, width + 2 * HALO_WIDTH * unit, HALO_ALPHA, dash), line]
    return [line]


def is_halo(line: Line) -> bool:
    """Whether a line is the dark rim under another."""
    return line.alpha == HALO_ALPHA and line.rgb == PLATE


def graded_dots(points: Points, rgb: Rgb, radius: float) -> list[Primitive]:
    """Dots that grow stronger and larger from the first point to the last."""
    last = max(len(points) - 1, 1)
    grades = [0.3 + 0.7 * k / last for k in range(len(points))]
    return [
        Dot(point, radius * (0.6 + 0.4 * grade), lightened(rgb, 0.5 * (1 - grade)), grade)
        for point, grade in zip(points, grades, strict=True)
    ]


def trajectory(points: Points, rgb: Rgb, unit: float) -> list[Primitive]:
    """A thin line through the iterates with a graded dot on each that can be told from others."""
    kept = apart(points, DOT_RADIUS * unit)
    return stroke(kept, rgb, "trajectory", unit) + graded_dots(kept, rgb, DOT_RADIUS * unit)


def apart(points: Points, least: float) -> Points:
    """The points [N, 2] of a path that lie at least so far from the one kept before, and its ends:
    an ascent that has arrived would draw the same dot again and again."""
    places, kept = points.tolist(), [0]
    for k, (x, y) in enumerate(places):
        x0, y0 = places[kept[-1]]
        if abs(x - x0) + abs(y - y0) >= least:
            kept.append(k)
    last = len(places) - 1
    if kept[-1] != last:
        kept = [*(kept[:-1] if len(kept) > 1 else kept), last]
    return points[kept]


def dashes(points: Points, on: float, off: float) -> tuple[Points, ...]:
    """Cut a line [N, 2] into pieces of length `on`, `off` apart, around its corners."""
    steps = np.hypot(*np.diff(points, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    total = float(along[-1])
    if total == 0.0:
        return (points,)
    starts = np.arange(0.0, total, on + off)
    ends = np.minimum(starts + on, total)
    heads, tails = _at(points, along, starts), _at(points, along, ends)
    inner = zip(
        np.searchsorted(along, starts, "right").tolist(),
        np.searchsorted(along, ends, "left").tolist(),
        strict=True,
    )
    return tuple(
        np.concatenate([heads[k : k + 1], points[low:high], tails[k : k + 1]])
        for k, (low, high) in enumerate(inner)
    )


def _length(points: Points) -> float:
    return sum(math.dist(*ends) for ends in itertools.pairwise(points.tolist()))


def _at(points: Points, along: Points, places: Points) -> Points:
    """Points [K, 2] of a line at `places` [K], measured along it."""
    return np.stack([np.interp(places, along, points[:, axis]) for axis in (0, 1)], axis=1)
