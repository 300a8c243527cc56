"""Density curves in a thread of their own, for the latest request only."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from PySide6.QtCore import QObject

from edgereg.app.look.language import mark
from edgereg.app.player.mailbox import Mailbox
from edgereg.core.arrays import FloatArray
from edgereg.core.errors import EdgeregError
from edgereg.core.predictions import Predictions
from edgereg.density import DensityCurve, density_curves
from edgereg.pipeline.loading import LoadedRegionTask, LoadedTask

# A sharp density over a wide range needs many points to look smooth.
_POINTS = 481


@dataclass(frozen=True)
class Question:
    """The prediction `row` of a task."""

    loaded: LoadedTask
    predictions: Predictions
    row: int


@dataclass(frozen=True)
class Answer:
    """Curves along each target, or the reason why there are none.

    trajectory: float32 [T+1, D], or None where nothing was refined.
    """

    question: Question
    curves: tuple[DensityCurve, ...] = ()
    trajectory: FloatArray | None = None
    problem: str = ""


class DensityWorker(QObject):
    """`answers.arrived(Answer)` comes in the owner's thread; a newer question replaces an older."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.answers = Mailbox(self)
        self._changed = threading.Condition()
        self._question: Question | None = None
        self._closed = False
        threading.Thread(target=self._work, name="density", daemon=True).start()

    def ask(self, question: Question) -> None:
        """Ask for curves; returns at once."""
        with self._changed:
            self._question = question
            self._changed.notify_all()

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _work(self) -> None:
        while (question := self._next()) is not None:
            self.answers.put(answer(question))

    def _next(self) -> Question | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._question is not None)
            question, self._question = self._question, None
            return None if self._closed else question


def answer(question: Question) -> Answer:
    """Compute the curves of one prediction."""
    loaded, found, row = question.loaded, question.predictions, question.row
    engine = loaded.density if isinstance(loaded, LoadedRegionTask) else None
    if engine is None or loaded.spec is None:
        return Answer(question, problem=mark("this model has no density graph"))
    try:
        curves = density_curves(engine, loaded.spec, found, row, points=_POINTS)
    except EdgeregError as error:
        return Answer(question, problem=str(error))
    climb = found.refinement
    return Answer(question, curves, None if climb is None else climb.trajectory[row])
