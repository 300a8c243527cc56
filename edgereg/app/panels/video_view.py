"""The picture: a frame with its marks, zoomed with the wheel and moved with the mouse."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from edgereg.app.look.language import tr
from edgereg.app.look.theme import DARK, Theme
from edgereg.app.panels import viewport
from edgereg.app.panels.canvas import Canvas, render
from edgereg.core.arrays import FloatArray, Image
from edgereg.core.result import FrameResult

_CLICK_REACH = 4.0
_WHEEL_NOTCH = 120.0
_ZOOM_PER_NOTCH = 1.25


class VideoView(QWidget):
    """Shows one result at a time. `picked(x, y)`: a click, in frame pixels; `boxed(x1, y1, x2,
    y2)`: a box was asked for and drawn."""

    picked = Signal(float, float)
    boxed = Signal(float, float, float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(320, 200)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(tr("Video"))
        self._theme = DARK
        self._result: FrameResult | None = None
        self._preview: QImage | None = None
        self._highlight: FloatArray | None = None
        self._view = viewport.Viewport(1.0, 0.0, 0.0)
        self._is_fitted = True
        self._pressed: QPointF | None = None
        self._last = QPointF()
        self._draws_box = False
        self._canvas = Canvas(1, 1, 1.0, DARK.video)
        # The last results on their way here; the next one may be made before this one is drawn.
        self._made: deque[tuple[FrameResult, Canvas, QImage]] = deque(maxlen=3)

    def show_result(self, result: FrameResult, highlight: FloatArray | None) -> None:
        """Show a frame and its marks; `highlight`: the region looked at, float32 [4] or None."""
        changed = self._result is None or result.image.shape != self._result.image.shape
        self._result, self._highlight, self._preview = result, highlight, None
        if changed or self._is_fitted:
            self.fit()
        self.update()

    def show_preview(self, image: Image) -> None:
        """Show a small picture in the place of the frame, without marks, until the next result."""
        height, width = image.shape[:2]
        self._preview = QImage(
            image.data, width, height, image.strides[0], QImage.Format.Format_RGB888
        ).copy()
        self.update()

    @property
    def draws_box(self) -> bool:
        """Whether the next drag draws a box."""
        return self._draws_box

    def ask_for_box(self, on: bool = True) -> None:
        """Let the next drag draw a box; off: let drags move the picture again."""
        self._draws_box = on
        self._pressed = None
        self.setCursor(Qt.CursorShape.CrossCursor if on else Qt.CursorShape.ArrowCursor)
        self.update()

    def clear(self) -> None:
        """Show nothing."""
        self.ask_for_box(False)
        self._result, self._preview, self._highlight = None, None, None
        self._made.clear()
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take another theme's colours."""
        self._theme = theme
        self.update()

    def fit(self) -> None:
        """Show the whole frame."""
        self._is_fitted = True
        self._view = viewport.fitted(self._frame_size(), self._size())
        self.update()

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom about a point of the widget (its middle if None)."""
        if self._result is None:
            return
        at = at or QPointF(self.width() / 2, self.height() / 2)
        smallest = viewport.fitted(self._frame_size(), self._size()).scale
        self._view = viewport.zoomed(self._view, factor, (at.x(), at.y()), smallest)
        self._is_fitted = self._view.scale <= smallest
        if self._is_fitted:
            self.fit()
        self._move(0.0, 0.0)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the frame, its marks and the corners of what is looked at."""
        painter = QPainter(self)
        if self._result is None:
            painter.fillRect(self.rect(), QColor(self._theme.video))
            return
        view, (width, height) = self._view, self._frame_size()
        if self._preview is not None:
            painter.fillRect(self.rect(), QColor(self._theme.video))
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            rect = QRectF(view.left, view.top, width * view.scale, height * view.scale)
            painter.drawImage(rect, self._preview)
            return
        painter.drawImage(0, 0, self._drawn(self._result))
        painter.translate(view.left, view.top)
        painter.scale(view.scale, view.scale)
        painter.setClipRect(QRectF(0, 0, width, height))
        if self._highlight is not None and np.isfinite(self._highlight).all():
            _draw_corners(painter, self._highlight, 1.0 / view.scale)
        if self._draws_box and self._pressed is not None:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(255, 255, 255), 2.0 / view.scale, Qt.PenStyle.DashLine))
            painter.drawRect(QRectF(*self._drawn_box()))

    def prepare(self, result: FrameResult) -> None:
        """Draw a result for the present zoom, in whatever thread has made the result.

        Hundreds of calls in the window's thread would each wait for the others' Python.
        """
        canvas = self._canvas
        self._made.append((result, canvas, render(result, canvas)))

    def _drawn(self, result: FrameResult) -> QImage:
        """A result as it lies here, drawn anew where that was for another size or zoom."""
        view = None if self._is_fitted else self._view
        ratio = self.devicePixelRatioF()
        self._canvas = Canvas(self.width(), self.height(), ratio, self._theme.video, view)
        for made, canvas, image in tuple(self._made):
            if made is result and canvas == self._canvas:
                return image
        self.prepare(result)
        return self._made[-1][2]

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Keep a fitted frame fitted."""
        if self._is_fitted:
            self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Zoom about the pointer."""
        self.zoom(_ZOOM_PER_NOTCH ** (event.angleDelta().y() / _WHEEL_NOTCH), event.position())

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Begin a click or a drag."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = self._last = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the box that is asked for, or drag the picture."""
        if self._draws_box:
            self._last = event.position()
            self.update()
        elif self._pressed is not None and not self._is_fitted:
            delta = event.position() - self._last
            self._last = event.position()
            self._move(delta.x(), delta.y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """A press without a drag picks what lies there."""
        pressed, self._pressed = self._pressed, None
        if pressed is None or self._result is None:
            return
        if self._draws_box:
            self._pressed, self._last = pressed, event.position()
            x, y, width, height = self._drawn_box()
            self.ask_for_box(False)
            if min(width, height) * self._view.scale > _CLICK_REACH:
                self.boxed.emit(x, y, x + width, y + height)
        elif (event.position() - pressed).manhattanLength() <= _CLICK_REACH:
            self.picked.emit(*self._view.to_frame(pressed.x(), pressed.y()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Back to the whole frame."""
        self.fit()

    def _drawn_box(self) -> tuple[float, float, float, float]:
        """x, y, width and height in frame pixels of what was dragged over, inside the frame."""
        ends = (self._pressed or self._last, self._last)
        places = [self._view.to_frame(each.x(), each.y()) for each in ends]
        width, height = self._frame_size()
        xs = sorted(min(max(x, 0.0), float(width)) for x, _ in places)
        ys = sorted(min(max(y, 0.0), float(height)) for _, y in places)
        return xs[0], ys[0], xs[1] - xs[0], ys[1] - ys[0]

    def _move(self, dx: float, dy: float) -> None:
        self._view = viewport.moved(self._view, dx, dy, self._frame_size(), self._size())
        self.update()

    def _frame_size(self) -> tuple[int, int]:
        if self._result is None:
            return 16, 9
        height, width = self._result.image.shape[:2]
        return width, height

    def _size(self) -> tuple[int, int]:
        return self.width(), self.height()


def _draw_corners(painter: QPainter, box: Sequence[float] | FloatArray, unit: float) -> None:
    """Light brackets round the corners of a box (x1, y1, x2, y2)."""
    x1, y1, x2, y2 = (float(v) for v in box)
    gap = 5 * unit
    x1, y1, x2, y2 = x1 - gap, y1 - gap, x2 + gap, y2 + gap
    arm = 0.18 * max(min(x2 - x1, y2 - y1), 0.0)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(255, 255, 255, 225), 1.8 * unit))
    for x, y, right, down in ((x1, y1, 1, 1), (x2, y1, -1, 1), (x2, y2, -1, -1), (x1, y2, 1, -1)):
        painter.drawLine(QPointF(x, y), QPointF(x + right * arm, y))
        painter.drawLine(QPointF(x, y), QPointF(x, y + down * arm))
