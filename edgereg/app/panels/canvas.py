"""A frame with its marks as it lies on the screen, made in whatever thread has made the frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from edgereg.app.look import paint_qt
from edgereg.app.panels.viewport import Viewport, fitted
from edgereg.core.arrays import Image
from edgereg.core.marks import Mark
from edgereg.core.result import FrameResult
from edgereg.paint.style import unit_of

# From this zoom on pixels are shown as squares.
_SQUARES = 4.0


@dataclass(frozen=True)
class Canvas:
    """What there is to draw on. width, height: of the widget; ratio: pixels of the screen in one of
    the widget's; view: where the frame lies, or None where all of it is shown."""

    width: int
    height: int
    ratio: float
    background: str
    view: Viewport | None = None

    def view_of(self, frame: tuple[int, int]) -> Viewport:
        """Where a frame of a size (width, height) lies."""
        return self.view or fitted(frame, (self.width, self.height))


def render(frame: Image, marks: Sequence[Mark], canvas: Canvas) -> QImage:
    """A frame and marks on a canvas, at the resolution of the screen."""
    ratio = canvas.ratio
    image = QImage(
        max(round(canvas.width * ratio), 1),
        max(round(canvas.height * ratio), 1),
        QImage.Format.Format_RGB32,
    )
    image.fill(QColor(canvas.background))
    height, width = frame.shape[:2]
    view = canvas.view_of((width, height))
    scaled_here = canvas.view is None and view.scale * ratio < _SQUARES
    if scaled_here:
        _put(image, frame, view, ratio)
    painter = QPainter(image)
    painter.scale(ratio, ratio)
    painter.translate(view.left, view.top)
    painter.scale(view.scale, view.scale)
    if not scaled_here:
        smooth = QPainter.RenderHint.SmoothPixmapTransform
        painter.setRenderHint(smooth, view.scale * ratio < _SQUARES)
        pixels = np.ascontiguousarray(frame)
        painter.drawImage(QRectF(0, 0, width, height), _image(pixels))
    painter.setClipRect(QRectF(0, 0, width, height))
    paint_qt.paint(painter, marks, (width, height), 1.0 / view.scale)
    painter.end()
    image.setDevicePixelRatio(ratio)
    return image


def annotated(result: FrameResult) -> QImage:
    """The frame with its marks in its own size, as a saved video has them."""
    height, width = result.image.shape[:2]
    image = _image(np.ascontiguousarray(result.image)).convertToFormat(QImage.Format.Format_RGB32)
    painter = QPainter(image)
    paint_qt.paint(painter, result.marks, (width, height), unit_of(width, height))
    painter.end()
    return image


def _put(image: QImage, frame: Image, view: Viewport, ratio: float) -> None:
    """Scale a frame into its place in an image of 32 bits a pixel.

    Qt's own smooth scaling costs four times as much, and its change of the pixels' format another
    time as much, in two threads.
    """
    height, width = frame.shape[:2]
    scale = view.scale * ratio
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    how = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
    scaled = cv2.resize(np.ascontiguousarray(frame), size, interpolation=how)
    pixels = np.frombuffer(image.bits(), np.uint8).reshape(image.height(), -1, 4)
    left, top = round(view.left * ratio), round(view.top * ratio)
    place = pixels[top : top + size[1], left : left + size[0]]
    # A pixel of rounding may lie beyond the edge.
    scaled = scaled[: place.shape[0], : place.shape[1]]
    cv2.cvtColor(scaled, cv2.COLOR_RGB2BGRA, dst=place)


def _image(rgb: Image) -> QImage:
    """An image that borrows an array's memory, which must outlast it."""
    height, width = rgb.shape[:2]
    return QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888)
