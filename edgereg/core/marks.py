"""Marks: what a task wants drawn, as data. `paint.opencv` and `app.paint_qt` draw the same marks.

Coordinates are frame pixels (x right, y down; the centre of the first pixel is at 0.5, 0.5).
A mark's `role` decides its look, so that every task shows an initial value, a trajectory and a
final value alike; `colour` is a palette index, one per task or track.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from edgereg.core.arrays import FloatArray

Role = Literal["final", "initial", "trajectory"]


@dataclass(frozen=True)
class BoxMark:
    """A rectangle; box: float32 [4] (x1, y1, x2, y2)."""

    box: FloatArray
    role: Role = "final"
    colour: int = 0


@dataclass(frozen=True)
class PolylineMark:
    """A line through points: float32 [N, 2]."""

    points: FloatArray
    closed: bool = False
    role: Role = "final"
    colour: int = 0


@dataclass(frozen=True)
class PointsMark:
    """Dots: float32 [N, 2], `radius` in pixels."""

    points: FloatArray
    radius: float = 2.0
    role: Role = "final"
    colour: int = 0


@dataclass(frozen=True)
class AxesMark:
    """Three axes of a rotated body, drawn red (its left), green (down), blue (where it looks).

    origin: float32 [2]; tips: float32 [3, 2], the projected ends of the three axes.
    """

    origin: FloatArray
    tips: FloatArray
    role: Role = "final"


@dataclass(frozen=True)
class TextMark:
    """A short line of text whose lower left corner is at `origin` float32 [2]."""

    text: str
    origin: FloatArray
    colour: int = 0


@dataclass(frozen=True)
class GaugeMark:
    """A dial at `origin` [2] with `radius` px that shows `value` between `low` and `high`."""

    origin: FloatArray
    radius: float
    value: float
    low: float
    high: float
    initial: float | None = None
    label: str = ""
    colour: int = 0


@dataclass(frozen=True)
class HeatmapMark:
    """values: float32 [h, w] in [0, 1], stretched over `box` [4] and blended by `opacity`."""

    values: FloatArray
    box: FloatArray
    opacity: float = 0.4


@dataclass(frozen=True)
class CurveMark:
    """A small density curve: x, y float32 [G] drawn into `box` [4], initial and final x marked."""

    x: FloatArray
    y: FloatArray
    box: FloatArray
    initial: float | None = None
    final: float | None = None
    label: str = ""
    colour: int = 0


Mark: TypeAlias = (
    BoxMark | PolylineMark | PointsMark | AxesMark | TextMark | GaugeMark | HeatmapMark | CurveMark
)
