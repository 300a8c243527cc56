"""A frame with its marks as it lies on the screen, made in whatever thread has made the frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PySide6.QtCore import QPointF, QRectF
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
    painter = QPainter(image)
    painter.scale(ratio, ratio)
    painter.translate(view.left, view.top)
    painter.scale(view.scale, view.scale)
    _draw_frame(painter, frame, view.scale * ratio, whole=canvas.view is None)
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


def _draw_frame(painter: QPainter, frame: Image, scale: float, *, whole: bool) -> None:
    """Draw a frame that lies at the origin; scale: pixels of the screen in one of the frame."""
    height, width = frame.shape[:2]
    pixels = np.ascontiguousarray(frame)
    if whole and scale < _SQUARES:
        # Qt's own smooth scaling costs four times as much.
        size = max(round(width * scale), 1), max(round(height * scale), 1)
        how = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
        scaled = np.asarray(cv2.resize(pixels, size, interpolation=how), np.uint8)
        painter.save()
        corner = painter.transform().map(QPointF(0, 0))
        painter.resetTransform()
        painter.drawImage(corner.toPoint(), _image(scaled))
        painter.restore()
    else:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < _SQUARES)
        painter.drawImage(QRectF(0, 0, width, height), _image(pixels))


def _image(rgb: Image) -> QImage:
    """An image that borrows an array's memory, which must outlast it."""
    height, width = rgb.shape[:2]
    return QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888)
