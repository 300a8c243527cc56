"""Everybody seen so far: a picture, when first and last seen, in the person's own colour."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QIcon,
    QImage,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPixmap,
    QShowEvent,
)
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem

from edgereg.app.desk import Desk
from edgereg.app.look.language import tr
from edgereg.app.player.focus import Followed
from edgereg.app.player.looking import Seen
from edgereg.app.player.people import THUMBNAIL
from edgereg.app.timecode import timecode
from edgereg.core.arrays import Image
from edgereg.paint.style import colour_of

_RIM = 2
_ITEM = QSize(92, 84)
_EMPTY_HEIGHT, _EDGES, _BAR = 30, 2, 10
_MOVES = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End)
_KEY = Qt.ItemDataRole.UserRole


class PeoplePanel(QListWidget):
    """Everybody whom the desk's player has seen; who is chosen, by mouse or arrow keys, is
    followed."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._looking = desk.looking
        self.setObjectName("people")
        self.setAccessibleName(tr("People seen so far"))
        self.setToolTip(tr("Everybody seen so far; click to follow"))
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMovement(QListView.Movement.Static)
        self.setIconSize(QSize(THUMBNAIL + 2 * _RIM, THUMBNAIL + 2 * _RIM))
        self.setGridSize(_ITEM)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedHeight(_EMPTY_HEIGHT)
        self._shown: dict[Followed, tuple[QListWidgetItem, Seen]] = {}
        self.currentItemChanged.connect(self._choose)
        desk.looking.counted.connect(self.show_people)

    def show_people(self, everybody: Sequence[Seen]) -> None:
        """List people, and select the one that is followed."""
        if not self.isVisible():
            return
        self.blockSignals(True)
        for key in self._shown.keys() - {seen.key for seen in everybody}:
            item, _ = self._shown.pop(key)
            self.takeItem(self.row(item))
        for seen in everybody:
            self._show_one(seen)
        followed = next((seen.key for seen in everybody if seen.followed), None)
        if followed is not None:
            self.setCurrentItem(self._shown[followed][0])
        else:
            self.setCurrentRow(-1)
        self.blockSignals(False)
        # Low screens have no room for a bar that is not needed.
        bar = _BAR if len(everybody) * _ITEM.width() > self.width() - _EDGES else 0
        self.setFixedHeight(_ITEM.height() + _EDGES + bar if everybody else _EMPTY_HEIGHT)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """What came meanwhile was not listed."""
        self.show_people(self._looking.everybody())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """The people, or a word on where they will be."""
        super().paintEvent(event)
        if not self.count():
            painter = QPainter(self.viewport())
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            painter.drawText(
                self.viewport().rect(),
                Qt.AlignmentFlag.AlignCenter,
                tr("who is seen is listed here"),
            )

    def event(self, event: QEvent) -> bool:
        """While it has the focus, which clicks don't give it, arrows move in the list."""
        override = event.type() is QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and event.key() in _MOVES:
            event.accept()
            return True
        return super().event(event)

    def item_of(self, followed: Followed) -> QListWidgetItem | None:
        """The entry of a person."""
        found = self._shown.get(followed)
        return None if found is None else found[0]

    def _show_one(self, seen: Seen) -> None:
        item, before = self._shown.get(seen.key, (None, None))
        if item is None:
            item = QListWidgetItem()
            item.setData(_KEY, seen.key)
            item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
            self.addItem(item)
        person, presence = seen.person, seen.presence
        pictured = before is not None and before.person.thumbnail is person.thumbnail
        self._shown[seen.key] = item, seen
        if pictured and before is not None and before.presence == presence:
            return
        if not pictured:
            item.setIcon(_icon(person.thumbnail, person.number))
        first, last = timecode(presence.first_s), timecode(presence.last_s)
        item.setText(f"#{person.number}\n{first}–{last}")
        item.setToolTip(
            tr("#{number}, found by {detector}: first seen at {first}, last at {last}").format(
                number=person.number, detector=person.detector, first=first, last=last
            )
        )

    def _choose(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self._looking.follow(item.data(_KEY))


def _icon(thumbnail: Image, number: int) -> QIcon:
    """The picture in a rim of the person's colour."""
    side = THUMBNAIL + 2 * _RIM
    pixmap = QPixmap(side, side)
    pixmap.fill(QColor(*colour_of(number)))
    height, width = thumbnail.shape[:2]
    image = QImage(thumbnail.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    painter = QPainter(pixmap)
    painter.drawImage(_RIM, _RIM, image)
    painter.end()
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)
    return icon
