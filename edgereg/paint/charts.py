"""Gauges and small density curves as primitives."""

from __future__ import annotations

import math

import numpy as np

from edgereg.core.marks import CurveMark, GaugeMark
from edgereg.paint.primitives import Area, Dot, Label, Line, Points, Primitive
from edgereg.paint.strokes import stroke
from edgereg.paint.style import (
    FILL_ALPHA,
    INK,
    PLATE,
    PLATE_ALPHA,
    TEXT_SIZE,
    TRACK,
    colour_of,
)

# The dial runs clockwise from lower left to lower right (degrees, y down).
_DIAL_START, _DIAL_SWEEP = 150.0, 240.0


def gauge(mark: GaugeMark, unit: float) -> list[Primitive]:
    """A dial with its value as an arc and a needle, and the initial value as a dashed needle."""
    numbers = (*mark.origin, mark.radius, mark.value, mark.low, mark.high)
    if not all(math.isfinite(n) for n in numbers) or mark.radius <= 0 or mark.high <= mark.low:
        return []
    centre = np.asarray(mark.origin, np.float64)
    rgb = colour_of(mark.colour)
    share = _share(mark.value, mark)
    parts: list[Primitive] = [
        Dot(centre, mark.radius * 1.2, PLATE, PLATE_ALPHA),
        Line(_arc(centre, mark.radius, 0.0, 1.0), TRACK, 3 * unit, 0.6),
        Line(_arc(centre, mark.radius, min(share, 0.5), max(share, 0.5)), rgb, 3 * unit),
    ]
    if mark.initial is not None and math.isfinite(mark.initial):
        parts += stroke(
            _needle(centre, mark.radius, _share(mark.initial, mark)), rgb, "initial", unit
        )
    parts += stroke(_needle(centre, mark.radius, share), rgb, "final", unit)
    parts.append(Dot(centre, 3 * unit, INK))
    if mark.label:
        below = centre + np.array([-mark.radius, 1.2 * mark.radius + 1.8 * TEXT_SIZE * unit])
        parts.append(Label(mark.label, below, rgb, TEXT_SIZE * unit))
    return parts


def curve(mark: CurveMark, unit: float) -> list[Primitive]:
    """A filled density over its own dark plate, with the initial and the final x marked."""
    x, y = np.asarray(mark.x, np.float64), np.asarray(mark.y, np.float64)
    box = np.asarray(mark.box, np.float64)
    if x.ndim != 1 or x.shape != y.shape or len(x) < 2 or not np.isfinite([*x, *y, *box]).all():
        return []
    if np.ptp(x) == 0 or box[2] <= box[0] or box[3] <= box[1]:
        return []
    rgb = colour_of(mark.colour)
    line = _curve_points(x, y, box)
    floor = np.array([[line[-1, 0], box[3]], [line[0, 0], box[3]]])
    parts: list[Primitive] = [
        Area(box[[[0, 1], [2, 1], [2, 3], [0, 3]]], PLATE, PLATE_ALPHA),
        Area(np.concatenate([line, floor]), rgb, FILL_ALPHA),
        Line(line, rgb, 1.5 * unit),
    ]
    for value, role in ((mark.initial, "initial"), (mark.final, "final")):
        if value is not None and x.min() <= value <= x.max():
            at = box[0] + (value - x.min()) / np.ptp(x) * (box[2] - box[0])
            vertical = np.array([[at, box[3]], [at, box[1]]])
            parts += stroke(vertical, INK, "initial" if role == "initial" else "final", unit)
    if mark.label:
        parts.append(Label(mark.label, box[[0, 1]], rgb, TEXT_SIZE * unit))
    return parts


def _curve_points(x: Points, y: Points, box: Points) -> Points:
    tallest = max(float(y.max()), 1e-30)
    across = box[0] + (x - x.min()) / np.ptp(x) * (box[2] - box[0])
    up = box[3] - np.clip(y / tallest, 0.0, 1.0) * 0.92 * (box[3] - box[1])
    return np.stack([across, up], axis=1)


def _share(value: float, mark: GaugeMark) -> float:
    return min(max((value - mark.low) / (mark.high - mark.low), 0.0), 1.0)


def _arc(centre: Points, radius: float, start: float, end: float) -> Points:
    angles = np.radians(_DIAL_START + _DIAL_SWEEP * np.linspace(start, end, 48))
    return centre + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _needle(centre: Points, radius: float, share: float) -> Points:
    tip = _arc(centre, 0.88 * radius, share, share)[0]
    return np.stack([centre, tip])
