"""Labels whose text changes all the time while one plays."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QPalette, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget


class Readout(QWidget):
    """Holds a label of one line that lies on a panel.

    A label alone would have all layouts up to the window's measured anew with each text, and all
    that lies below it painted.
    """

    def __init__(self, label: QLabel) -> None:
        super().__init__()
        self.label = label
        label.setParent(self)
        cover(label)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def reserve(self, text: str) -> None:
        """Be as wide as a text, whatever the layout has room for."""
        self.label.ensurePolished()
        self.setFixedWidth(self.label.fontMetrics().horizontalAdvance(text))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As high as a line, and as wide as the layout says."""
        self.label.ensurePolished()
        return QSize(self.minimumWidth(), self.label.fontMetrics().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """The label takes all of the room."""
        self.label.resize(event.size())


def cover(widget: QWidget) -> None:
    """Let a widget on a panel paint its background itself, so that nothing below it is."""
    widget.setBackgroundRole(QPalette.ColorRole.AlternateBase)
    widget.setAutoFillBackground(True)
