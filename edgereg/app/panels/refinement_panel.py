"""Refinement on and off, and how many steps it climbs."""

from __future__ import annotations

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSpinBox, QWidget
from superqt import QToggleSwitch

from edgereg.app.desk import Desk
from edgereg.app.look.language import tr
from edgereg.app.look.theme import Theme

MOST_STEPS = 100


class RefinementPanel(QWidget):
    """Steers the desk's choices; 0 steps stand for the model's own number."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._choices = desk.choices
        self.switch = QToggleSwitch()
        self.switch.setAccessibleName(tr("Refinement"))
        self.switch.setToolTip(tr("Let each estimate climb its predicted density (R)"))
        self.steps = QSpinBox()
        self.steps.setRange(0, MOST_STEPS)
        self.steps.setSpecialValueText(tr("model's"))
        self.steps.setAccessibleName(tr("Steps of gradient ascent"))
        self.steps.setToolTip(tr("Steps of gradient ascent"))
        self.steps.setKeyboardTracking(False)
        label = QLabel(tr("steps"))
        label.setObjectName("dim")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 14, 6)
        row.setSpacing(8)
        row.addWidget(self.switch)
        row.addStretch(1)
        row.addWidget(label)
        row.addWidget(self.steps)
        self._show_choices()
        self.switch.toggled.connect(self._choose)
        self.steps.valueChanged.connect(self._choose)
        desk.choices.changed.connect(self._show_choices)
        desk.themed.connect(self._set_theme)

    def _set_theme(self, theme: Theme) -> None:
        self.switch.onColor = QColor(theme.accent)
        self.switch.offColor = QColor(theme.line)
        self.switch.handleColor = QColor(theme.text)

    def _show_choices(self) -> None:
        on, steps = self._choices.refine, self._choices.steps
        for widget in (self.switch, self.steps):
            widget.blockSignals(True)
        self.switch.setChecked(on)
        self.steps.setValue(steps or 0)
        self.steps.setEnabled(on)
        for widget in (self.switch, self.steps):
            widget.blockSignals(False)

    def _choose(self) -> None:
        self._choices.set_refinement(self.switch.isChecked(), self.steps.value() or None)
