"""How models are loaded and run: each change is tried, and taken where it works."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from edgereg.app.desk import Desk
from edgereg.app.dialogs import ask_model
from edgereg.app.look.language import tr
from edgereg.app.panels.refinement_panel import MOST_STEPS
from edgereg.app.player.catalogue import Catalogue
from edgereg.assembly import Choice, with_model
from edgereg.core.errors import EdgeregError
from edgereg.pipeline.loading import LoadedStepTask, LoadedTask

_PRECISIONS = ("", "fp32", "fp16", "int8")
_SIZES = ("fast", "default", "far")
_MOST_BETWEEN = 100
# So long after the last change models are loaded anew: a spin box is turned step by step.
_SETTLED_MS = 400
_NARROWEST = 90


class SettingsPanel(QWidget):
    """Shows the desk's choice, and changes it."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.task, self.engine, self.precision, self.picture = (QComboBox() for _ in range(4))
        self.model = QLineEdit()
        self.model.setPlaceholderText(tr("the task's own"))
        self.threshold, self.fov = QDoubleSpinBox(), QDoubleSpinBox()
        self.every, self.steps = QSpinBox(), QSpinBox()
        self.note = QLabel()
        self.note.setObjectName("reason")
        self.note.setWordWrap(True)
        self._settled = QTimer(self, interval=_SETTLED_MS, singleShot=True)
        self._settled.timeout.connect(self._apply)
        self._fill_in()
        self._arrange()
        self._connect()
        self._show(desk.choice)

    def _fill_in(self) -> None:
        """What can be chosen."""
        self._offer_engines(())
        for precision in _PRECISIONS:
            self.precision.addItem(precision or tr("the model's"), precision)
        for size in _SIZES:
            self.picture.addItem(size, size)
        self.threshold.setRange(0.0, 1.0)
        self.threshold.setSingleStep(0.05)
        self.threshold.setSpecialValueText(tr("the model's"))
        self.fov.setRange(0.0, 170.0)
        self.fov.setDecimals(0)
        self.fov.setSuffix("°")
        self.fov.setSpecialValueText(tr("not known"))
        self.every.setRange(0, _MOST_BETWEEN)
        self.every.setSpecialValueText(tr("as often as keeps up"))
        self.steps.setRange(0, MOST_STEPS)
        self.steps.setSpecialValueText(tr("the model's"))

    def _arrange(self) -> None:
        browse = QToolButton()
        browse.setText("…")
        browse.setToolTip(tr("Choose a model folder"))
        browse.setAccessibleName(tr("Choose a model folder"))
        browse.clicked.connect(self._browse)
        place = QHBoxLayout()
        place.addWidget(self.model, 1)
        place.addWidget(browse)
        holder = QWidget()
        holder.setLayout(place)
        place.setContentsMargins(0, 0, 0, 0)
        form = QFormLayout()
        form.setSpacing(6)
        rows: Sequence[tuple[str, QWidget, QWidget]] = (
            (tr("Model of"), self.task, self.task),
            (tr("Folder"), holder, self.model),
            (tr("Engine"), self.engine, self.engine),
            (tr("Precision"), self.precision, self.precision),
            (tr("Detector's picture"), self.picture, self.picture),
            (tr("Threshold"), self.threshold, self.threshold),
            (tr("Detect every"), self.every, self.every),
            (tr("Steps of refinement"), self.steps, self.steps),
            (tr("Field of view"), self.fov, self.fov),
        )
        for text, widget, named in rows:
            named.setAccessibleName(text)
            widget.setMinimumWidth(_NARROWEST)
            if isinstance(widget, QComboBox):
                widget.view().setAccessibleName(text)
                widget.setSizeAdjustPolicy(
                    QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
                )
            form.addRow(text, widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 8, 14, 8)
        column.addLayout(form)
        column.addWidget(self.note)
        column.addStretch(1)

    def _connect(self) -> None:
        desk = self._desk
        desk.catalogued.connect(self._set_catalogue)
        desk.chosen.connect(self._on_chosen)
        desk.choices.changed.connect(self._show_steps)
        self.task.currentIndexChanged.connect(self._show_model)
        self.model.editingFinished.connect(self._change_model)
        for box in (self.engine, self.precision, self.picture):
            box.activated.connect(self._settled.start)
        for spin in (self.threshold, self.every, self.fov):
            spin.valueChanged.connect(self._settled.start)
        self.steps.valueChanged.connect(self._set_steps)

    def _set_catalogue(self, catalogue: Catalogue) -> None:
        name = self.task.currentData()
        self.task.clear()
        for each in catalogue.titles:
            self.task.addItem(each, each)
        self.task.setCurrentIndex(max(self.task.findData(name), 0))
        self._offer_engines(catalogue.plugins.engines())
        self._show(self._desk.choice)

    def _offer_engines(self, names: Any) -> None:
        self.engine.clear()
        for name in dict.fromkeys(("auto", *names)):
            self.engine.addItem(name, name)

    def _show(self, choice: Choice) -> None:
        """Show what is in use, without a change of it."""
        widgets = (self.threshold, self.fov, self.every)
        for widget in widgets:
            widget.blockSignals(True)
        self.engine.setCurrentIndex(max(self.engine.findData(choice.engine), 0))
        self.precision.setCurrentIndex(self.precision.findData(choice.precision or ""))
        self.picture.setCurrentIndex(self.picture.findData(choice.size))
        self.threshold.setValue(choice.threshold or 0.0)
        self.fov.setValue(choice.fov or 0.0)
        self.every.setValue(0 if choice.detect_every == "auto" else choice.detect_every)
        for widget in widgets:
            widget.blockSignals(False)
        self._show_model()
        self._show_steps()

    def _show_model(self) -> None:
        loaded = {each.name: each for each in self._desk.catalogue.tasks}
        shown = loaded.get(self.task.currentData())
        place = None if shown is None else place_of(shown)
        own = shown is None or place == shown.task.model
        self.model.setText("" if own else str(place))
        spec = None if shown is None else shown.spec
        self.model.setToolTip("" if spec is None else f"{spec.name} {spec.version}: {place}")

    def _show_steps(self) -> None:
        self.steps.blockSignals(True)
        self.steps.setValue(self._desk.choices.steps or 0)
        self.steps.blockSignals(False)

    def _set_steps(self, steps: int) -> None:
        self._desk.choices.set_refinement(self._desk.choices.refine, steps or None)

    def _browse(self) -> None:
        if chosen := ask_model(self):
            self.model.setText(str(chosen))
            self._change_model()

    def _change_model(self) -> None:
        name, text = self.task.currentData(), self.model.text().strip()
        try:
            choice = with_model(self._desk.choice, Path(text) if text else None, name)
        except EdgeregError as error:
            self._on_chosen(str(error))
            return
        self._choose(choice)

    def _apply(self) -> None:
        self._choose(
            replace(
                self._desk.choice,
                engine=self.engine.currentData(),
                precision=self.precision.currentData() or None,
                size=self.picture.currentData(),
                threshold=self.threshold.value() or None,
                detect_every=self.every.value() or "auto",
                fov=self.fov.value() or None,
            )
        )

    def _choose(self, choice: Choice) -> None:
        if choice != self._desk.choice:
            self.note.setText(tr("loading models …"))
            self._desk.choose(choice)

    def _on_chosen(self, problem: str) -> None:
        """A change has come about, or the old choice stays."""
        self.note.setText(problem)
        self._show(self._desk.choice)


def place_of(loaded: LoadedTask) -> Path | None:
    """The folder of the model that a task runs with, or None where it needs none."""
    if isinstance(loaded, LoadedStepTask):
        return None if loaded.model is None else loaded.model.folder.path
    return loaded.model.path
