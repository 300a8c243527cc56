"""Everybody seen so far: a picture, when first and last seen, in the person's own colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QImage, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem, QWidget

from edgereg.app.player.focus import Followed
from edgereg.app.player.people import THUMBNAIL, Person
from edgereg.app.timecode import timecode
from edgereg.core.arrays import Image
from edgereg.paint.style import colour_of

_RIM = 2
_ITEM = QSize(92, 84)
_MOVES = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End)
_KEY = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class Entry:
    """A person, and when it was first and last seen, in seconds."""

    person: Person
    first_s: float
    last_s: float


class PeoplePanel(QListWidget):
    """`followed(Followed)`: the user chose somebody, by mouse or arrow keys."""

    followed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("people")
        self.setAccessibleName(self.tr("People seen so far"))
        self.setToolTip(self.tr("Everybody seen so far; click to follow"))
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMovement(QListView.Movement.Static)
        self.setIconSize(QSize(THUMBNAIL + 2 * _RIM, THUMBNAIL + 2 * _RIM))
        self.setGridSize(_ITEM)
        self.setFixedHeight(_ITEM.height() + 12)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._shown: dict[Followed, tuple[QListWidgetItem, Entry]] = {}
        self.currentItemChanged.connect(self._choose)
        self.hide()

    def show_people(self, entries: Sequence[Entry], followed: Followed | None) -> None:
        """List people, and select the one that is followed."""
        keys = [Followed(entry.person.detector, entry.person.number) for entry in entries]
        self.blockSignals(True)
        for key in self._shown.keys() - set(keys):
            item, _ = self._shown.pop(key)
            self.takeItem(self.row(item))
        for key, entry in zip(keys, entries, strict=True):
            self._show_entry(key, entry)
        chosen = self._shown.get(followed) if followed is not None else None
        if chosen is not None:
            self.setCurrentItem(chosen[0])
        else:
            self.setCurrentRow(-1)
        self.blockSignals(False)
        self.setVisible(bool(entries))

    def choose_next(self, direction: int) -> None:
        """Choose the next person (1), or the one before (-1), round and round."""
        if self.count():
            self.setCurrentRow((self.currentRow() + direction) % self.count())

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

    def _show_entry(self, key: Followed, entry: Entry) -> None:
        item, before = self._shown.get(key, (None, None))
        if item is None:
            item = QListWidgetItem()
            item.setData(_KEY, key)
            item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
            self.addItem(item)
        person = entry.person
        pictured = before is not None and before.person.thumbnail is person.thumbnail
        if pictured and before == entry:
            return
        if not pictured:
            item.setIcon(_icon(person.thumbnail, person.number))
        first, last = timecode(entry.first_s), timecode(entry.last_s)
        item.setText(f"#{person.number}\n{first}–{last}")
        item.setToolTip(
            self.tr("#{number}, found by {detector}: first seen at {first}, last at {last}").format(
                number=person.number, detector=person.detector, first=first, last=last
            )
        )
        self._shown[key] = item, entry

    def _choose(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.followed.emit(item.data(_KEY))


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
