"""The right side: what the prediction looked at is, how it was reached, how it changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QComboBox, QFrame, QLabel, QVBoxLayout, QWidget

from edgereg.app.look.theme import Theme, tabular
from edgereg.app.panels.density_panel import MOST_CURVES, DensityPanel
from edgereg.app.panels.history_panel import HistoryPanel
from edgereg.app.player.catalogue import Catalogue, detectors_of
from edgereg.app.player.density_worker import Answer, DensityWorker, Question
from edgereg.app.player.focus import Focus, Followed
from edgereg.app.player.people import People
from edgereg.app.player.record import Record
from edgereg.assembly import DEFAULT_TASKS
from edgereg.core.arrays import FloatArray
from edgereg.core.frames import SourceInfo
from edgereg.core.kinds import specs_of
from edgereg.core.predictions import Predictions
from edgereg.core.result import FrameResult
from edgereg.pipeline.loading import LoadedTask

_REDRAW_MS = 160


class Inspector(QFrame):
    """Follows one prediction; asks for its densities only while it can be seen."""

    def __init__(self, people: People, record: Record, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.focus = Focus()
        self._people, self._record = people, record
        self.worker = DensityWorker(self)
        self.worker.answers.arrived.connect(self._show_answer)
        self._loaded: Mapping[str, LoadedTask] = {}
        self._result: FrameResult | None = None
        self._redraw = QTimer(self, interval=_REDRAW_MS, singleShot=True)
        self._redraw.timeout.connect(self._draw)
        self.choice = QComboBox()
        self.choice.setToolTip("The task whose predictions are looked at")
        self.choice.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.choice.currentIndexChanged.connect(self._choose)
        self.headline = QLabel("nothing found yet")
        self.headline.setObjectName("dim")
        tabular(self.headline)
        self.densities, self.values = DensityPanel(), HistoryPanel()
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(8)
        column.addWidget(self.choice)
        column.addWidget(self.headline)
        column.addWidget(self.densities, 3)
        column.addWidget(self.values, 1)

    def set_theme(self, theme: Theme) -> None:
        """Take another theme's colours."""
        self.densities.set_theme(theme)
        self.values.set_theme(theme)

    def set_catalogue(self, catalogue: Catalogue) -> None:
        """Offer the tasks; the last one with few values comes first to the eye."""
        self._loaded = {loaded.name: loaded for loaded in catalogue.tasks}
        self.focus.detectors = detectors_of(catalogue.tasks)
        self.choice.clear()
        for name in self._loaded:
            self.choice.addItem(catalogue.titles.get(name, name), name)
        self.choice.setEnabled(bool(self._loaded))
        few = [
            name
            for name, loaded in self._loaded.items()
            if sum(spec.size for spec in specs_of(loaded.kinds)) <= MOST_CURVES
        ]
        first = [name for name in DEFAULT_TASKS if name in few] or few[-1:]
        if first:
            self.choice.setCurrentIndex(self.choice.findData(first[0]))

    def set_source(self, info: SourceInfo | None, duration_s: float = 0.0) -> None:
        """Begin anew with another source."""
        self._result = None
        self.values.set_source(info, duration_s)
        self._show_nothing()

    def forget(self) -> None:
        """Another source has other people."""
        self.focus.release()

    def remember(self, results: Sequence[FrameResult]) -> None:
        """Look at results that come one after the other: who is there, and who is new."""
        for each in results:
            self.focus.see(each)
        followed = self.focus.followed
        if followed is not None:
            number = self._people.resolve(followed.detector, followed.number)
            self.focus.followed = Followed(followed.detector, number)

    def show_result(self, result: FrameResult) -> FloatArray | None:
        """Show a new result; returns the region [4] looked at."""
        self._result = result
        if not self._redraw.isActive():
            self._redraw.start()
        return self.focus.region(result)

    def appearance(self) -> Callable[[FrameResult], bool]:
        """Tells of results that come one after another which is the first of a new appearance of
        something that the task looked at can find."""
        task, absent = self.focus.task, not self._found_in(self._result)

        def begins(result: FrameResult) -> bool:
            nonlocal absent
            found = bool(task is not None and len(result.predictions.get(task, ())))
            begun, absent = found and absent, not found
            return begun

        return begins

    def appearance_before(self, index: int) -> int | None:
        """Where the last appearance before frame `index` begins, of the frames seen so far."""
        return self._record.appearance_before(self.focus.task, index)

    def _found_in(self, result: FrameResult | None) -> bool:
        found = None if result is None else self._found(result)
        return found is not None and len(found) > 0

    def pick(self, x: float, y: float) -> None:
        """Look at who is under a point of the picture; else at the largest again."""
        if self._result is None:
            return
        if not self.focus.pick(self._result, x, y):
            self.focus.release()
            self.focus.see(self._result)
        self._fit_task()
        self._draw()

    def follow(self, followed: Followed) -> None:
        """Look at a person."""
        self.focus.follow(followed)
        self._fit_task()
        self._draw()

    def _fit_task(self) -> None:
        """Look at a task that tells something of who is followed."""
        followed, detectors = self.focus.followed, self.focus.detectors
        if followed is None or detectors.get(self.focus.task or "") == followed.detector:
            return
        fitting = [task for task, detector in detectors.items() if detector == followed.detector]
        if fitting:
            self.choice.setCurrentIndex(self.choice.findData(fitting[-1]))

    def _draw(self) -> None:
        """Show the latest result; plots are too slow to be drawn for every frame."""
        result = self._result
        if result is None or not self.isVisible():
            return
        found, row = self._found(result), self.focus.row(result)
        task = self.focus.task
        if task is not None:
            specs = specs_of(self._loaded[task].kinds)
            self.values.show_series(
                self._record.series(task, self.focus.track), specs, result.time_s
            )
        if found is None or row is None:
            self._show_nothing()
            return
        self.headline.setText(headline(found, row))
        self.worker.ask(Question(self._loaded[found.task], found, row, result.index))

    def close_worker(self) -> None:
        """End the thread of the densities."""
        self.worker.close()

    def _found(self, result: FrameResult) -> Predictions | None:
        return result.predictions.get(self.focus.task) if self.focus.task else None

    def _choose(self, position: int) -> None:
        task = self.choice.itemData(position)
        self.focus.task = task
        spec = self._loaded[task].spec if task else None
        self.densities.prepare(spec.targets if spec else ())
        self._show_nothing()
        if self._result is not None:
            self.remember([self._result])
            self.show_result(self._result)

    def _show_nothing(self) -> None:
        followed, result = self.focus.followed, self._result
        if result is not None and self.focus.task not in result.predictions:
            text = self.tr("this task is not computed here")
        elif followed is not None:
            text = self.tr("#{number}: not seen here").format(number=followed.number)
        else:
            text = self.tr("nothing found here")
        self.headline.setText(text)
        self.densities.clear(self.tr("The density of what is found is drawn here."))

    def _show_answer(self, answer: Answer) -> None:
        result = self._result
        if result is None or answer.question.loaded.name != self.focus.task:
            return
        if self.focus.row(result) is not None:
            self.densities.show_answer(answer)


def headline(found: Predictions, row: int) -> str:
    """Which prediction it is, how sure the task is of it, and what the ascent has gained."""
    track = found[row].track
    who = f"{row + 1} of {len(found)}" if track is None else f"#{track}"
    parts = [who, f"score {found.scores[row]:.2f}"]
    if found.refinement is not None:
        energy = found.refinement.energy[row]
        parts.append(f"log-density {energy[-1] - energy[0]:+.2f}")
        parts.append(f"{len(energy) - 1} steps")
    return "   ".join(parts)
