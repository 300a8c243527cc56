"""All messages so far, and the whole text of each, to be read and copied."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from edgereg.app.desk import Desk
from edgereg.app.look import icons
from edgereg.app.look.language import mark, tr
from edgereg.app.look.theme import DARK, Theme
from edgereg.app.messages import MOST, Message

_MESSAGE = Qt.ItemDataRole.UserRole
_NAMES = {
    "information": mark("information"),
    "warning": mark("warning"),
    "error": mark("error"),
}


class MessagePanel(QWidget):
    """The latest is on top, and chosen when it comes."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._messages, self._theme = desk.messages, DARK
        self.list, self.whole = QListWidget(), QPlainTextEdit()
        self.list.setAccessibleName(tr("Messages"))
        self.list.setIconSize(QSize(16, 16))
        self.list.currentItemChanged.connect(self._show_whole)
        self.whole.setReadOnly(True)
        self.whole.setTabChangesFocus(True)
        self.whole.setAccessibleName(tr("The whole text"))
        self.copy, self.clear = QPushButton(tr("Copy")), QPushButton(tr("Clear"))
        self.copy.setToolTip(tr("Copy the whole text"))
        self.clear.setToolTip(tr("Forget all messages"))
        self.copy.clicked.connect(self._copy)
        self.clear.clicked.connect(self._forget)
        buttons = QVBoxLayout()
        buttons.addWidget(self.copy)
        buttons.addWidget(self.clear)
        buttons.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        row.addWidget(self.list, 3)
        row.addWidget(self.whole, 2)
        row.addLayout(buttons)
        self.setMinimumHeight(100)
        desk.messages.said.connect(self._add)
        desk.themed.connect(self._set_theme)

    def _add(self, message: Message) -> None:
        item = QListWidgetItem(f"{message.at:%H:%M:%S}  {message.line}")
        item.setData(_MESSAGE, message)
        name = tr(_NAMES[message.kind.value])
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{name}: {message.line}")
        item.setToolTip(name)
        self._dress(item)
        self.list.insertItem(0, item)
        self.list.setCurrentItem(item)
        if self.list.count() > MOST:
            self.list.takeItem(MOST)

    def _dress(self, item: QListWidgetItem) -> None:
        kind = item.data(_MESSAGE).kind.value
        colour = self._theme.of_kind(kind)
        item.setIcon(icons.icon(kind, colour, colour))

    def _set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for row in range(self.list.count()):
            self._dress(self.list.item(row))

    def _show_whole(self, item: QListWidgetItem | None) -> None:
        self.whole.setPlainText("" if item is None else item.data(_MESSAGE).text)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.whole.toPlainText())

    def _forget(self) -> None:
        self._messages.history.clear()
        self.list.clear()
