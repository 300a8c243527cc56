"""Marks -> primitives: what each kind of mark looks like, decided once for every painter.

A mark with NaN or infinite numbers, of an unexpected shape or type, or wholly outside the frame is
left out: marks come from plugins, and drawing must go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from edgereg.core.marks import (
    AxesMark,
    BoxMark,
    CurveMark,
    GaugeMark,
    HeatmapMark,
    Mark,
    PointsMark,
    PolylineMark,
    TextMark,
)
from edgereg.paint import charts
from edgereg.paint.primitives import Area, Dot, Label, Line, Picture, Points, Primitive
from edgereg.paint.strokes import graded_dots, stroke, trajectory
from edgereg.paint.style import AXES, STROKES, TEXT_SIZE, colour_of, heat_colours, lightened

# Beyond this many frame sizes a coordinate is a fault, and fixed-point drawing would overflow.
_FARTHEST = 8.0
# Of so many points Python finds the ends sooner than NumPy.
_FEW = 16
_OF_POINTS = Line, Area


def compose(marks: Iterable[Mark], frame_size: tuple[int, int], unit: float) -> list[Primitive]:
    """Everything to draw for `marks`, in order.

    frame_size: (width, height) in pixels; unit: frame pixels per unit of `style`.
    """
    drawn: list[Primitive] = []
    for mark in marks:
        parts = _parts(mark, unit)
        if parts and _reaches(parts, frame_size):
            drawn += parts
    return drawn


def _parts(mark: Mark, unit: float) -> list[Primitive]:
    if type(mark) not in _COMPOSERS:
        return []
    try:
        return _COMPOSERS[type(mark)](mark, unit)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return []  # a text for a number, a role that there is not


def _box(mark: BoxMark, unit: float) -> list[Primitive]:
    box = _numbers(mark.box, (4,))
    if box is None:
        return []
    outline = box[[[0, 1], [2, 1], [2, 3], [0, 3], [0, 1]]]
    return stroke(outline, colour_of(mark.colour), mark.role, unit)


def _polyline(mark: PolylineMark, unit: float) -> list[Primitive]:
    points = _numbers(mark.points, (None, 2))
    if points is None or len(points) < 2:
        return []
    if mark.closed:
        points = np.concatenate([points, points[:1]])
    rgb = colour_of(mark.colour)
    if mark.role == "trajectory":
        return trajectory(points, rgb, unit)
    return stroke(points, rgb, mark.role, unit)


def _points(mark: PointsMark, unit: float) -> list[Primitive]:
    points = _numbers(mark.points, (None, 2))
    if points is None or not np.isfinite(mark.radius) or mark.radius <= 0:
        return []
    rgb = colour_of(mark.colour)
    if mark.role == "trajectory":
        return graded_dots(points, rgb, mark.radius)
    look = STROKES[mark.role]
    radius = mark.radius if mark.role == "final" else 0.8 * mark.radius
    return [Dot(point, radius, lightened(rgb, look.lighten), look.alpha) for point in points]


def _axes(mark: AxesMark, unit: float) -> list[Primitive]:
    origin, tips = _numbers(mark.origin, (2,)), _numbers(mark.tips, (3, 2))
    if origin is None or tips is None:
        return []
    parts: list[Primitive] = []
    arms = np.empty((3, 2, 2))
    arms[:, 0], arms[:, 1] = origin, tips
    for arm, rgb in zip(arms, AXES, strict=True):
        parts += stroke(arm, rgb, mark.role, unit)
    if mark.role == "final":
        parts.append(Dot(tips[2], 3.0 * unit, AXES[2]))
    return parts


def _text(mark: TextMark, unit: float) -> list[Primitive]:
    origin = _numbers(mark.origin, (2,))
    if origin is None or not mark.text.strip():
        return []
    return [Label(mark.text, origin, colour_of(mark.colour), TEXT_SIZE * unit)]


def _heatmap(mark: HeatmapMark, unit: float) -> list[Primitive]:
    box, values = _numbers(mark.box, (4,)), np.asarray(mark.values, np.float64)
    if box is None or values.ndim != 2 or values.size == 0 or not np.isfinite(mark.opacity):
        return []
    if box[2] <= box[0] or box[3] <= box[1]:
        return []
    known = np.isfinite(values)
    alpha = np.where(known, 255.0 * min(max(mark.opacity, 0.0), 1.0), 0.0).astype(np.uint8)
    colours = heat_colours(np.where(known, values, 0.0))
    return [Picture(np.dstack([colours, alpha]), box)]


_COMPOSERS: Mapping[type, Callable[[Any, float], list[Primitive]]] = {
    BoxMark: _box,
    PolylineMark: _polyline,
    PointsMark: _points,
    AxesMark: _axes,
    TextMark: _text,
    GaugeMark: charts.gauge,
    HeatmapMark: _heatmap,
    CurveMark: charts.curve,
}


def _numbers(values: Any, shape: tuple[int | None, ...]) -> Points | None:
    array = np.asarray(values, np.float64)
    fits = array.ndim == len(shape) and all(
        wanted in (None, have) for wanted, have in zip(shape, array.shape, strict=True)
    )
    return array if fits and array.size and np.isfinite(array).all() else None


def _reaches(parts: Iterable[Primitive], frame_size: tuple[int, int]) -> bool:
    places = [place for part in parts for place in _places(part)]
    xs, ys = [x for x, _ in places], [y for _, y in places]
    width, height = frame_size
    inside = max(xs) >= 0 and max(ys) >= 0 and min(xs) <= width and min(ys) <= height
    farthest = _FARTHEST * max(frame_size)
    return inside and max(map(abs, (min(xs), max(xs), min(ys), max(ys)))) <= farthest


def _places(part: Primitive) -> list[list[float]]:
    """Points that enclose a part; of a dot, whose size is small, its centre."""
    if isinstance(part, _OF_POINTS):
        found = part.points
    elif isinstance(part, Dot):
        return [part.centre.tolist()]
    elif isinstance(part, Label):
        found = part.origin[None]
    else:
        found = part.box.reshape(2, 2)
    if len(found) > _FEW:
        found = np.stack([found.min(axis=0), found.max(axis=0)])
    places: list[list[float]] = found.tolist()
    return places
