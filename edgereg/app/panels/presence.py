"""Who is there when: a thin lane for each person under the slider, in the person's colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from edgereg.app.panels.timeline import Timeline
from edgereg.paint.style import colour_of

_LANE, _MOST = 4, 6


@dataclass(frozen=True)
class Lane:
    """Stretches of frames, first and last, in which a person was seen."""

    number: int
    stretches: Sequence[tuple[int, int]]
    followed: bool


class Presence(QWidget):
    """As long as its slider. Of many people those seen most are shown, and the one followed."""

    def __init__(self, slider: Timeline, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._slider = slider
        self.lanes: Sequence[Lane] = ()
        self.setAccessibleName(self.tr("Who is there when"))
        self.show_lanes(())

    def show_lanes(self, lanes: Sequence[Lane]) -> None:
        """Show people, the one that is followed above the others."""
        length = {id(lane): sum(b - a + 1 for a, b in lane.stretches) for lane in lanes}
        most = sorted(lanes, key=lambda lane: (not lane.followed, -length[id(lane)]))[:_MOST]
        self.lanes = sorted(most, key=lambda lane: (not lane.followed, lane.number))
        self.setFixedHeight(_LANE * len(self.lanes))
        self.setVisible(bool(self.lanes))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """The lanes; the one that is followed is thicker."""
        painter = QPainter(self)
        for row, lane in enumerate(self.lanes):
            colour = QColor(*colour_of(lane.number))
            colour.setAlpha(255 if lane.followed else 150)
            height = _LANE - 1 if lane.followed else _LANE - 2
            for first, last in lane.stretches:
                x = self._slider.x_of(first)
                width = max(self._slider.x_of(last) - x, 1)
                painter.fillRect(QRectF(x, row * _LANE, width, height), colour)
