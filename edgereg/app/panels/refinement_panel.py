"""Refinement on and off, and how many steps it climbs."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSpinBox, QWidget
from superqt import QToggleSwitch

from edgereg.app.look.theme import Theme

MOST_STEPS = 100


class RefinementPanel(QFrame):
    """`changed(on, steps)`: steps is None where the model's own number is wanted."""

    changed = Signal(bool, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.switch = QToggleSwitch()
        self.switch.setChecked(True)
        self.switch.setAccessibleName("Refinement")
        self.switch.setToolTip("Let each estimate climb its predicted density (R)")
        self.steps = QSpinBox()
        self.steps.setRange(0, MOST_STEPS)
        self.steps.setSpecialValueText("model's")
        self.steps.setToolTip("Steps of gradient ascent")
        self.steps.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.steps.setKeyboardTracking(False)
        heading, label = QLabel("Refinement"), QLabel("steps")
        heading.setObjectName("heading")
        label.setObjectName("dim")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 10, 14, 10)
        row.setSpacing(8)
        row.addWidget(heading)
        row.addStretch(1)
        row.addWidget(label)
        row.addWidget(self.steps)
        row.addSpacing(6)
        row.addWidget(self.switch)
        self.switch.toggled.connect(self._announce)
        self.steps.valueChanged.connect(self._announce)

    def set_theme(self, theme: Theme) -> None:
        """Take another theme's colours."""
        self.switch.onColor = QColor(theme.accent)
        self.switch.offColor = QColor(theme.line)
        self.switch.handleColor = QColor(theme.text)

    def _announce(self) -> None:
        on = self.switch.isChecked()
        self.steps.setEnabled(on)
        self.changed.emit(on, self.steps.value() or None)
