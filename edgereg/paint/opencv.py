"""The OpenCV painter: marks onto an image, for annotated video and for use without a window."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import Image
from edgereg.core.marks import Mark
from edgereg.paint.compose import compose
from edgereg.paint.placing import spread
from edgereg.paint.primitives import (
    Area,
    Dot,
    Label,
    Line,
    Picture,
    Plate,
    Points,
    plate_of,
)
from edgereg.paint.strokes import dashes
from edgereg.paint.style import INK, PLATE, PLATE_ALPHA, TEXT_PADDING, TEXT_SIZE, Rgb, unit_of

# OpenCV draws at 1/16 pixel with coordinates shifted by this many bits.
_SHIFT = 4
# OpenCV's anti-aliased polygons come out this much wider than asked for, in pixels.
_RIM = 1.5
_FONT_WEIGHT = 500
# The height in pixels of OpenCV 4's strokes, ascenders and descenders, at scale 1.
_STROKES_SIZE = 30.0


def paint(image: Image, marks: Iterable[Mark]) -> Image:
    """A copy of image uint8 [H, W, 3] RGB with the marks drawn; stray marks are left out."""
    canvas = np.ascontiguousarray(image).copy()
    height, width = canvas.shape[:2]
    unit = unit_of(width, height)
    primitives = compose(marks, (width, height), unit)
    labels = [each for each in primitives if isinstance(each, Label)]
    for primitive in primitives:
        if not isinstance(primitive, Label):
            _draw(canvas, primitive)
    # Above everything else, and beside each other.
    plates = spread((_plate(canvas, label) for label in labels), (width, height), 2 * unit)
    for label, plate in zip(labels, plates, strict=True):
        _label(canvas, label, plate)
    return canvas


def _draw(canvas: Image, primitive: Line | Dot | Area | Picture) -> None:
    if isinstance(primitive, Line):
        _line(canvas, primitive)
    elif isinstance(primitive, Dot):
        _dot(canvas, primitive)
    elif isinstance(primitive, Area):
        _area(canvas, primitive.points, primitive.rgb, primitive.alpha)
    else:
        _picture(canvas, primitive)


def _line(canvas: Image, line: Line) -> None:
    part = _Part.around(canvas, line.points, line.width / 2 + 1)
    if part is None:
        return
    pieces = (line.points,) if line.dash is None else dashes(line.points, *line.dash)
    if line.width <= _RIM:
        fixed = [part.fixed(piece) for piece in pieces]
        cv2.polylines(part.layer, fixed, False, line.rgb, 1, cv2.LINE_AA, _SHIFT)
    else:
        for piece in pieces:
            _thick_line(part, piece, line)
    part.blend(line.alpha)


def _thick_line(part: _Part, points: Points, line: Line) -> None:
    # OpenCV's own thick lines come in whole, uneven widths only.
    for start, end in itertools.pairwise(points):
        along = end - start
        length = math.hypot(*along)
        if length > 0.0:
            side = np.array([-along[1], along[0]]) * ((line.width - _RIM) / 2 / length)
            corners = np.stack([start + side, end + side, end - side, start - side])
            cv2.fillConvexPoly(part.layer, part.fixed(corners), line.rgb, cv2.LINE_AA, _SHIFT)
    for point in points.tolist():
        _disc(part, point, line.width / 2, line.rgb)


def _dot(canvas: Image, dot: Dot) -> None:
    part = _Part.around(canvas, dot.centre[None], dot.radius + 1)
    if part is not None:
        _disc(part, dot.centre.tolist(), dot.radius, dot.rgb)
        part.blend(dot.alpha)


def _disc(part: _Part, centre: Sequence[float], radius: float, rgb: Rgb) -> None:
    x, y = centre
    fixed = (
        round((x - (part.left + 0.5)) * 2**_SHIFT),
        round((y - (part.top + 0.5)) * 2**_SHIFT),
    )
    reduced = max(1, round((radius - 0.4 * _RIM) * 2**_SHIFT))
    cv2.circle(part.layer, fixed, reduced, rgb, cv2.FILLED, cv2.LINE_AA, _SHIFT)


def _area(canvas: Image, points: Points, rgb: Rgb, alpha: float) -> None:
    part = _Part.around(canvas, points, 1)
    if part is not None:
        cv2.fillPoly(part.layer, [part.fixed(points)], rgb, cv2.LINE_AA, _SHIFT)
        part.blend(alpha)


def _plate(canvas: Image, label: Label) -> Plate:
    height, width = canvas.shape[:2]
    padding = label.size * TEXT_PADDING / TEXT_SIZE
    text_width = _text_width(label.text, _text_size(label), canvas)
    return plate_of(label, text_width, padding, (width, height))


def _text_size(label: Label) -> int:
    return max(8, round(label.size))


def _label(canvas: Image, label: Label, plate: Plate) -> None:
    _area(canvas, _rectangle(plate.x, plate.y, plate.width, plate.height), PLATE, PLATE_ALPHA)
    _area(canvas, _rectangle(plate.x, plate.y, plate.stripe, plate.height), label.rgb, 1.0)
    origin = (round(plate.text_x), round(plate.baseline))
    _write(canvas, label.text, origin, _text_size(label))


def _picture(canvas: Image, picture: Picture) -> None:
    part = _Part.around(canvas, picture.box.reshape(2, 2), 0)
    if part is None:
        return
    rows, columns = picture.rgba.shape[:2]
    x1, y1, x2, y2 = (float(v) for v in picture.box)
    # Pixel centres of the layer -> pixel centres of the picture.
    across, down = columns / (x2 - x1), rows / (y2 - y1)
    to_picture = np.array(
        [
            [across, 0.0, (part.left + 0.5 - x1) * across - 0.5],
            [0.0, down, (part.top + 0.5 - y1) * down - 0.5],
        ]
    )
    size = (part.layer.shape[1], part.layer.shape[0])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    stretched: Any = cv2.warpAffine(
        picture.rgba, to_picture, size, flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    alpha = stretched[..., 3:].astype(np.float32) / 255.0
    part.target[:] = np.rint(stretched[..., :3] * alpha + part.target * (1.0 - alpha))


def _rectangle(x: float, y: float, width: float, height: float) -> Points:
    return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]])


@lru_cache(maxsize=1)
def _font() -> Any:
    """OpenCV 5's own font; None under OpenCV 4, which Jetsons bring and which has strokes only."""
    return cv2.FontFace("sans") if hasattr(cv2, "FontFace") else None


def _text_width(text: str, size: int, canvas: Image) -> float:
    if _font() is None:
        strokes: Any = cv2.getTextSize
        return float(strokes(text, cv2.FONT_HERSHEY_SIMPLEX, size / _STROKES_SIZE, 1)[0][0])
    height, width = canvas.shape[:2]
    box = cv2.getTextSize((width, height), text, (0, 0), _font(), size, _FONT_WEIGHT)
    return float(box[2])


def _write(canvas: Image, text: str, origin: tuple[int, int], size: int) -> None:
    if _font() is None:
        strokes: Any = cv2.putText
        font, scale = cv2.FONT_HERSHEY_SIMPLEX, size / _STROKES_SIZE
        strokes(canvas, text, origin, font, scale, INK, 1, cv2.LINE_AA)
    else:
        cv2.putText(canvas, text, origin, INK, _font(), size, _FONT_WEIGHT)


class _Part:
    """The part of the canvas under one primitive, and a layer of it to draw on and blend."""

    def __init__(self, target: Image, left: int, top: int) -> None:
        self.target, self.left, self.top = target, left, top
        self.layer = target.copy()

    @classmethod
    def around(cls, canvas: Image, points: Points, margin: float) -> _Part | None:
        """The part that covers points [N, 2] and a margin; None outside the canvas."""
        (x1, y1), (x2, y2) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        left, top = max(math.floor(x1 - margin), 0), max(math.floor(y1 - margin), 0)
        right = min(math.ceil(x2 + margin), canvas.shape[1])
        bottom = min(math.ceil(y2 + margin), canvas.shape[0])
        if left >= right or top >= bottom:
            return None
        return cls(canvas[top:bottom, left:right], left, top)

    def fixed(self, points: Points) -> npt.NDArray[np.int32]:
        """points [N, 2] as OpenCV takes them: in the layer, pixel centres at integers, shifted."""
        local: Points = (points - (self.left + 0.5, self.top + 0.5)) * 2**_SHIFT
        return np.asarray(np.rint(local), np.int32)[:, None]

    def blend(self, alpha: float) -> None:
        """Put the layer back, mixed by alpha."""
        if math.isclose(alpha, 1.0):
            self.target[:] = self.layer
        else:
            cv2.addWeighted(self.layer, alpha, self.target, 1.0 - alpha, 0.0, self.target)
