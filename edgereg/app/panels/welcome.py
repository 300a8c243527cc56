"""What an empty window says."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from edgereg.app.look import icons
from edgereg.app.look.language import tr
from edgereg.app.look.theme import Theme


class Welcome(QWidget):
    """`open_file`, `open_camera`, `open_demo`: what the user wants."""

    open_file = Signal()
    open_camera = Signal()
    open_demo = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sign = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._title = QLabel(tr("Drop a video here"), alignment=Qt.AlignmentFlag.AlignCenter)
        self._title.setObjectName("welcome")
        self._hint = QLabel(
            tr("or open a file or a camera, or play the demo clip"),
            alignment=Qt.AlignmentFlag.AlignCenter,
        )
        self._hint.setObjectName("dim")
        self.file = QPushButton(tr("Open a file…"))
        self.file.setObjectName("primary")
        self.camera = QPushButton(tr("Open a camera"))
        self.demo = QPushButton(tr("Play the demo clip"))
        self.file.clicked.connect(self.open_file)
        self.camera.clicked.connect(self.open_camera)
        self.demo.clicked.connect(self.open_demo)
        self._arrange()

    def set_theme(self, theme: Theme) -> None:
        """Take another theme's colours."""
        self._sign.setPixmap(icons.icon("app", theme.accent, theme.dim).pixmap(64, 64))

    def show_waiting(self, name: str) -> None:
        """Say that a source is being opened."""
        self._title.setText(tr("Opening {name} …").format(name=name))
        self._hint.setText(tr("models are loaded the first time"))

    def show_invitation(self) -> None:
        """Say what can be done."""
        self._title.setText(tr("Drop a video here"))
        self._hint.setText(tr("or open a file or a camera, or play the demo clip"))

    def _arrange(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        buttons.addStretch(1)
        for button in (self.file, self.camera, self.demo):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setSpacing(10)
        column.addStretch(1)
        column.addWidget(self._sign)
        column.addWidget(self._title)
        column.addWidget(self._hint)
        column.addSpacing(10)
        column.addLayout(buttons)
        column.addStretch(1)
