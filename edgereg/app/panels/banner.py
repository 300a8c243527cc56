"""One line that says what went wrong; it can be dismissed, and never blocks."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget
from superqt import QElidingLabel

from edgereg.app.look import icons
from edgereg.app.look.theme import Theme


class Banner(QFrame):
    """Shows the latest message; hidden while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._label = QElidingLabel()
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._close = QToolButton()
        self._close.setObjectName("plain")
        self._close.setIconSize(QSize(14, 14))
        self._close.setAccessibleName("Dismiss")
        self._close.clicked.connect(self.dismiss)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 4, 4)
        row.addWidget(self._label, 1)
        row.addWidget(self._close)
        self.hide()

    @property
    def message(self) -> str:
        """What is shown, or an empty text."""
        return self._label.text() if not self.isHidden() else ""

    def set_theme(self, theme: Theme) -> None:
        """Take another theme's colours."""
        self._close.setIcon(icons.icon("close", theme.text, theme.dim))

    def say(self, message: str) -> None:
        """Show one line; the whole of it is in the tool tip."""
        line = " ".join(message.split())
        self._label.setText(line)
        self._label.setToolTip(line)
        self.show()

    def dismiss(self) -> None:
        """Hide it."""
        self.hide()
