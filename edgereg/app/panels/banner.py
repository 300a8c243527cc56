"""The latest message as one line; it can be dismissed, and never blocks."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget
from superqt import QElidingLabel

from edgereg.app.look import icons
from edgereg.app.look.language import tr
from edgereg.app.look.theme import DARK, Theme
from edgereg.app.messages import Kind, Message

# Good news leaves by itself.
_GOOD_NEWS_MS = 8000


class Banner(QFrame):
    """Hidden while there is nothing to say. `asked()`: the user wants to read the whole."""

    asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._theme = DARK
        self._kind = Kind.INFORMATION
        self._sign = QLabel()
        self._label = QElidingLabel()
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.details = QPushButton(tr("Read"))
        self.details.setToolTip(tr("Show the whole text, and all messages before"))
        self.details.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.details.clicked.connect(self.asked)
        self.close_button = QToolButton()
        self.close_button.setObjectName("plain")
        self.close_button.setIconSize(QSize(14, 14))
        self.close_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.close_button.setAccessibleName(tr("Dismiss the message"))
        self.close_button.clicked.connect(self.dismiss)
        self.timer = QTimer(self, interval=_GOOD_NEWS_MS, singleShot=True)
        self.timer.timeout.connect(self.dismiss)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 4, 4)
        row.addWidget(self._sign)
        row.addWidget(self._label, 1)
        row.addWidget(self.details)
        row.addWidget(self.close_button)
        self.hide()

    @property
    def message(self) -> str:
        """What is shown, or an empty text."""
        return self._label.text() if not self.isHidden() else ""

    def set_theme(self, theme: Theme) -> None:
        """Take another theme's colours."""
        self._theme = theme
        self.close_button.setIcon(icons.icon("close", theme.text, theme.dim))
        self._show_kind()

    def show_message(self, message: Message) -> None:
        """Show a message in place of the one before."""
        self._kind = message.kind
        self._label.setText(message.line)
        self._label.setToolTip(message.line)
        self.setAccessibleName(message.line)
        self._show_kind()
        self.show()
        self.timer.stop()
        if message.kind is Kind.INFORMATION:
            self.timer.start()

    def dismiss(self) -> None:
        """Hide it."""
        self.timer.stop()
        self.hide()

    def _show_kind(self) -> None:
        colour = self._theme.of_kind(self._kind.value)
        self._sign.setPixmap(icons.icon(self._kind.value, colour, colour).pixmap(18, 18))
        self.setProperty("kind", self._kind.value)
        self.style().polish(self)
