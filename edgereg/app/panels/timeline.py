"""The slider of a clip's frames: a press goes there, and a drag shows what it passes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSlider, QStyle, QStyleOptionSlider, QWidget

from edgereg.app.look.language import tr
from edgereg.app.look.readout import cover
from edgereg.app.look.theme import DARK, Theme


class Timeline(QSlider):
    """`sought(frame)`: by mouse or keys. `sliderPressed` and `sliderReleased` come round a drag."""

    sought = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setAccessibleName(tr("Position"))
        cover(self)
        self._theme = DARK
        self._start: int | None = None
        self._end: int | None = None
        self._marks: tuple[int, ...] = ()
        self.actionTriggered.connect(self._on_action)

    def set_theme(self, theme: Theme) -> None:
        """Take another theme's colours."""
        self._theme = theme
        self.update()

    def show_places(self, start: int | None, end: int | None, marks: Sequence[int]) -> None:
        """Show the range that is played, None where it is open, and marks."""
        self._start, self._end, self._marks = start, end, tuple(marks)
        self.update()

    def x_of(self, frame: int) -> int:
        """Where the middle of the handle stands on a frame, in pixels of the widget."""
        start, span = self._travel()
        return start + QStyle.sliderPositionFromValue(self.minimum(), self.maximum(), frame, span)

    def frame_at(self, x: float) -> int:
        """The frame whose handle would stand at a pixel."""
        start, span = self._travel()
        return QStyle.sliderValueFromPosition(
            self.minimum(), self.maximum(), round(x) - start, span
        )

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """The slider, what is left out of the range veiled, and a flag for each mark."""
        super().paintEvent(event)
        painter = QPainter(self)
        height = self.height()
        veil = QColor(self._theme.window)
        veil.setAlpha(190)
        if self._start is not None:
            painter.fillRect(0, 0, self.x_of(self._start), height, veil)
        if self._end is not None:
            x = self.x_of(self._end)
            painter.fillRect(x, 0, self.width() - x, height, veil)
        painter.setPen(QPen(QColor(self._theme.text), 2))
        for edge in (self._start, self._end):
            if edge is not None:
                painter.drawLine(self.x_of(edge), 1, self.x_of(edge), height - 2)
        painter.setPen(QPen(QColor(self._theme.accent), 2))
        for mark in self._marks:
            x = self.x_of(mark)
            painter.drawLine(x, 0, x, height // 3)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Go where the press is; Qt's own slider goes a page towards it."""
        if event.button() == Qt.MouseButton.LeftButton:
            event.accept()
            self.setSliderDown(True)
            self._seek_to(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Go along."""
        if self.isSliderDown():
            self._seek_to(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """The last place is the one that counts."""
        if event.button() == Qt.MouseButton.LeftButton and self.isSliderDown():
            self._seek_to(event)
            self.setSliderDown(False)

    def _seek_to(self, event: QMouseEvent) -> None:
        frame = self.frame_at(event.position().x())
        if frame != self.sliderPosition():
            self.setSliderPosition(frame)
            self.sought.emit(frame)

    def _on_action(self, _action: int) -> None:
        self.sought.emit(self.sliderPosition())

    def _travel(self) -> tuple[int, int]:
        """Where the middle of the handle may be: its first pixel, and how many there are."""
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        style, control = self.style(), QStyle.ComplexControl.CC_Slider
        groove = style.subControlRect(control, option, QStyle.SubControl.SC_SliderGroove, self)
        handle = style.subControlRect(control, option, QStyle.SubControl.SC_SliderHandle, self)
        return groove.left() + handle.width() // 2, max(groove.width() - handle.width(), 1)
