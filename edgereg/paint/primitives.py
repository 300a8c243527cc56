"""The five things a painter can put on a frame. Coordinates and lengths are frame pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from edgereg.paint.style import Rgb

Points = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """An open line with round ends through its points [N, 2]; `width` pixels.

    dash: pixels drawn and left out in turns, or None for a solid line.
    """

    points: Points
    rgb: Rgb
    width: float
    alpha: float = 1.0
    dash: tuple[float, float] | None = None


@dataclass(frozen=True)
class Dot:
    """A filled circle around `centre` [2]."""

    centre: Points
    radius: float
    rgb: Rgb
    alpha: float = 1.0


@dataclass(frozen=True)
class Area:
    """A filled polygon: points [N, 2]."""

    points: Points
    rgb: Rgb
    alpha: float = 1.0


@dataclass(frozen=True)
class Label:
    """Text of `size` px on a dark plate with a stripe of `rgb`; `origin`: its lower left corner."""

    text: str
    origin: Points
    rgb: Rgb
    size: float


@dataclass(frozen=True)
class Picture:
    """An image with alpha, uint8 [h, w, 4] RGBA, stretched over `box` [4] (x1, y1, x2, y2)."""

    rgba: npt.NDArray[np.uint8]
    box: Points


Primitive: TypeAlias = Line | Dot | Area | Label | Picture


@dataclass(frozen=True)
class Plate:
    """Where a label lies: the plate's upper left corner and size, and the text's baseline start."""

    x: float
    y: float
    width: float
    height: float
    stripe: float
    text_x: float
    baseline: float


def plate_of(label: Label, text_width: float, padding: float, frame_size: tuple[int, int]) -> Plate:
    """Lay out a label, moved as little as needed to lie inside the frame.

    text_width: what the painter's font needs, in pixels; padding: around the text, in pixels.
    """
    stripe = padding
    width = text_width + 2 * padding + stripe
    height = label.size + 2 * padding
    x = min(max(float(label.origin[0]), 0.0), max(frame_size[0] - width, 0.0))
    y = min(max(float(label.origin[1]) - height, 0.0), max(frame_size[1] - height, 0.0))
    # 0.8 of the size lies above the baseline in the fonts used here.
    baseline = y + padding + 0.82 * label.size
    return Plate(x, y, width, height, stripe, x + padding + stripe, baseline)
