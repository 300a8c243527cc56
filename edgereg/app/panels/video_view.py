"""The picture: a frame with its marks, zoomed with the wheel and moved with the mouse."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal
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
from edgereg.app.player.comparing import Side
from edgereg.core.arrays import FloatArray, Image
from edgereg.core.result import FrameResult
from edgereg.paint.style import INK, PLATE

_CLICK_REACH = 4.0
_WHEEL_NOTCH = 120.0
_ZOOM_PER_NOTCH = 1.25
# Between two pictures, in pixels.
_GAP = 4


@dataclass(frozen=True)
class _Made:
    """A result as it was drawn, with the captions of its pictures."""

    result: FrameResult
    canvas: Canvas
    pictures: Sequence[tuple[QImage, str]]


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
        self._sides: Callable[[FrameResult], Sequence[Side]] = lambda _: ()
        self._is_split = False
        # The last results on their way here; the next one may be made before this one is drawn.
        self._made: deque[_Made] = deque(maxlen=3)

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

    def split(self, sides: Callable[[FrameResult], Sequence[Side]] | None) -> None:
        """Show two pictures of each result, or one; sides: what is in them, asked in any thread."""
        self._sides = sides or (lambda _: ())
        self._is_split = sides is not None
        self._made.clear()
        self.fit()

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
        """Zoom about a point of the widget (the middle of the picture if None)."""
        if self._result is None:
            return
        at = QPointF(*self._size()) / 2 if at is None else at - self._place_at(at).topLeft()
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
        places = self._places()
        if len(places) > 1:
            painter.fillRect(self.rect(), QColor(self._theme.window))
        pictures = [] if self._preview is not None else self._drawn(self._result)
        for at, place in enumerate(places):
            painter.save()
            painter.translate(place.topLeft())
            painter.setClipRect(QRectF(0, 0, place.width(), place.height()))
            if self._preview is not None:
                self._paint_preview(painter, self._preview)
            else:
                picture, caption = pictures[min(at, len(pictures) - 1)]
                painter.drawImage(0, 0, picture)
                self._paint_pointers(painter)
                if caption:
                    _draw_caption(painter, tr(caption))
            painter.restore()

    def _paint_preview(self, painter: QPainter, preview: QImage) -> None:
        view, (width, height) = self._view, self._frame_size()
        painter.fillRect(self.rect(), QColor(self._theme.video))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        rect = QRectF(view.left, view.top, width * view.scale, height * view.scale)
        painter.drawImage(rect, preview)

    def _paint_pointers(self, painter: QPainter) -> None:
        """The corners of what is looked at, and the box that is being drawn."""
        view, (width, height) = self._view, self._frame_size()
        painter.save()
        painter.translate(view.left, view.top)
        painter.scale(view.scale, view.scale)
        whole = Qt.ClipOperation.IntersectClip
        painter.setClipRect(QRectF(0, 0, width, height), whole)
        if self._highlight is not None and np.isfinite(self._highlight).all():
            _draw_corners(painter, self._highlight, 1.0 / view.scale)
        if self._draws_box and self._pressed is not None:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(255, 255, 255), 2.0 / view.scale, Qt.PenStyle.DashLine))
            painter.drawRect(QRectF(*self._drawn_box()))
        painter.restore()

    def prepare(self, result: FrameResult) -> None:
        """Draw a result for the present zoom, in whatever thread has made the result.

        Hundreds of calls in the window's thread would each wait for the others' Python.
        """
        canvas = self._canvas
        sides = self._sides(result) or (Side("", result.marks),)
        pictures = [(render(result.image, side.marks, canvas), side.caption) for side in sides]
        self._made.append(_Made(result, canvas, pictures))

    def _drawn(self, result: FrameResult) -> Sequence[tuple[QImage, str]]:
        """The pictures of a result as they lie here, drawn anew where that was for another size or
        zoom."""
        view = None if self._is_fitted else self._view
        ratio = self.devicePixelRatioF()
        self._canvas = Canvas(*self._size(), ratio, self._theme.video, view)
        for made in tuple(self._made):
            if made.result is result and made.canvas == self._canvas:
                return made.pictures
        self.prepare(result)
        return self._made[-1].pictures

    def _places(self) -> list[QRect]:
        """Where pictures lie in the widget: one, or two of equal size."""
        if not self._is_split:
            return [self.rect()]
        size = self.width(), self.height()
        return [QRect(*place) for place in viewport.halves(self._frame_size(), size, _GAP)]

    def _place_at(self, point: QPointF) -> QRect:
        """The picture under a point of the widget."""
        places = self._places()
        return next((each for each in places if each.contains(point.toPoint())), places[0])

    def _to_frame(self, point: QPointF, place: QRect) -> tuple[float, float]:
        """Frame pixels of a point of the widget, in one of the pictures."""
        return self._view.to_frame(point.x() - place.left(), point.y() - place.top())

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
            self.picked.emit(*self._to_frame(pressed, self._place_at(pressed)))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Back to the whole frame."""
        self.fit()

    def _drawn_box(self) -> tuple[float, float, float, float]:
        """x, y, width and height in frame pixels of what was dragged over, inside the frame."""
        ends = (self._pressed or self._last, self._last)
        place = self._place_at(ends[0])
        places = [self._to_frame(each, place) for each in ends]
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
        """Of one picture."""
        place = self._places()[0]
        return place.width(), place.height()


def _draw_caption(painter: QPainter, text: str) -> None:
    """What a picture is, in its corner."""
    edges = painter.fontMetrics().boundingRect(text).adjusted(-8, -5, 8, 5)
    edges.moveTo(8, 8)
    painter.fillRect(edges, QColor(*PLATE, 200))
    painter.setPen(QColor(*INK))
    painter.drawText(edges, Qt.AlignmentFlag.AlignCenter, text)


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
