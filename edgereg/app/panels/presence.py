"""Who is there when: a thin lane for each person under the slider, in the person's colour."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from edgereg.app.look.language import tr
from edgereg.app.panels.timeline import Timeline
from edgereg.app.player.looking import Seen
from edgereg.paint.style import colour_of

_LANE, _MOST = 4, 6


class Presence(QWidget):
    """As long as its slider. Of many people those seen most are shown, and the one followed."""

    def __init__(self, slider: Timeline, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._slider = slider
        self.lanes: Sequence[Seen] = ()
        self.setAccessibleName(tr("Who is there when"))
        self.show_lanes(())

    def show_lanes(self, everybody: Sequence[Seen]) -> None:
        """Show people, the one that is followed above the others."""
        most = sorted(everybody, key=lambda seen: (not seen.followed, -_frames_of(seen)))[:_MOST]
        self.lanes = sorted(most, key=lambda seen: (not seen.followed, seen.person.number))
        self.setFixedHeight(_LANE * len(self.lanes))
        self.setVisible(bool(self.lanes))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """The lanes; the one that is followed is thicker."""
        painter = QPainter(self)
        for row, lane in enumerate(self.lanes):
            colour = QColor(*colour_of(lane.person.number))
            colour.setAlpha(255 if lane.followed else 150)
            height = _LANE - 1 if lane.followed else _LANE - 2
            for first, last in lane.presence.stretches:
                x = self._slider.x_of(first)
                width = max(self._slider.x_of(last) - x, 1)
                painter.fillRect(QRectF(x, row * _LANE, width, height), colour)


def _frames_of(seen: Seen) -> int:
    return sum(last - first + 1 for first, last in seen.presence.stretches)
