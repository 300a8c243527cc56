"""What the prediction looked at is, how it was reached, and its densities."""

from __future__ import annotations

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget
from superqt import QElidingLabel

from edgereg.app.desk import Desk
from edgereg.app.look.language import tr
from edgereg.app.look.readout import Readout
from edgereg.app.look.theme import tabular
from edgereg.app.panels.density_panel import DensityPanel
from edgereg.app.panels.redraw import Redraw
from edgereg.app.player.catalogue import Catalogue
from edgereg.app.player.density_worker import Answer, Question, answer
from edgereg.app.player.latest import LatestWorker
from edgereg.app.player.state import State
from edgereg.core.predictions import Predictions
from edgereg.pipeline.loading import LoadedTask


class Inspector(QWidget):
    """Asks for the densities of what is looked at, only while they can be seen."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._looking, self._player, self._comparing = desk.looking, desk.player, desk.comparing
        self._task: str | None = None
        self._worker = LatestWorker(answer, "density", self)
        self._worker.answers.arrived.connect(self._show_answer)
        self._redraw = Redraw(desk.player, self.draw, self)
        self.choice = QComboBox()
        for widget in (self.choice, self.choice.view()):
            widget.setAccessibleName(tr("The task whose predictions are looked at"))
        self.choice.setToolTip(tr("The task whose predictions are looked at"))
        self.choice.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.choice.currentIndexChanged.connect(self._choose)
        self.headline = QElidingLabel(tr("nothing found yet"))
        self.headline.setObjectName("dim")
        tabular(self.headline)
        self.densities = DensityPanel()
        self.densities.failed.connect(desk.messages.fail)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 8, 14, 8)
        column.setSpacing(8)
        column.addWidget(self.choice)
        column.addWidget(Readout(self.headline))
        column.addWidget(self.densities, 1)
        desk.catalogued.connect(self._set_catalogue)
        desk.looking.changed.connect(self._on_changed)
        desk.comparing.changed.connect(lambda: self._redraw.soon())
        desk.themed.connect(self.densities.set_theme)
        desk.closing.connect(self._worker.close)

    def draw(self) -> None:
        """Show the latest result; plots are too slow to be drawn for every frame."""
        found, row, task = self._looking.found, self._looking.row, self._looking.task
        if not self.isVisible():
            return
        if found is None or row is None or task is None:
            self._show_nothing()
            return
        self.headline.setText(headline(found, row))
        if lacks_features(task, found):
            self.densities.clear(tr("Its density is drawn as soon as the picture stands still."))
            self._player.compute_anew()
        else:
            result = self._looking.result
            beside = self._comparing.question(result, task.name, row) if result else None
            rough = self._player.state is State.PLAYING
            self._worker.ask(Question(task, found, row, beside=beside, rough=rough))

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """What came meanwhile was not drawn."""
        self._redraw.soon()

    def _set_catalogue(self, catalogue: Catalogue) -> None:
        self.choice.blockSignals(True)
        self.choice.clear()
        for loaded in catalogue.tasks:
            self.choice.addItem(catalogue.titles.get(loaded.name, loaded.name), loaded.name)
        self.choice.setEnabled(bool(catalogue.tasks))
        self.choice.blockSignals(False)

    def _choose(self, position: int) -> None:
        self._looking.choose(self.choice.itemData(position))

    def _on_changed(self) -> None:
        task = self._looking.task
        if task is not None and task.name != self._task:
            self._task = task.name
            self.choice.setCurrentIndex(self.choice.findData(task.name))
            self.densities.prepare(task.spec.targets if task.spec else ())
        self.draw()

    def _show_nothing(self) -> None:
        followed, result = self._looking.focus.followed, self._looking.result
        if result is None:
            text = tr("nothing found yet")
        elif self._looking.found is None:
            text = tr("this task is not computed here")
        elif followed is not None:
            text = tr("#{number}: not seen here").format(number=followed.number)
        else:
            text = tr("nothing found here")
        self.headline.setText(text)
        self.densities.clear(tr("The density of what is found is drawn here."))

    def _show_answer(self, answer: Answer) -> None:
        if answer.question.loaded is self._looking.task and self._looking.row is not None:
            self.densities.show_answer(answer)


def lacks_features(task: LoadedTask, found: Predictions) -> bool:
    """Whether predictions came without what their densities stand on, which a memo may not keep."""
    return task.density is not None and task.spec is not None and not found.features


def headline(found: Predictions, row: int) -> str:
    """Which prediction it is, how sure the task is of it, and what the ascent has gained."""
    track = found[row].track
    count = tr("{number} of {count}").format(number=row + 1, count=len(found))
    who = count if track is None else f"#{track}"
    parts = [who, tr("score {score:.2f}").format(score=found.scores[row])]
    if found.refinement is not None:
        energy = found.refinement.energy[row]
        parts.append(tr("log-density {gain:+.2f}").format(gain=energy[-1] - energy[0]))
        parts.append(tr("{steps} steps").format(steps=len(energy) - 1))
    return "   ".join(parts)
