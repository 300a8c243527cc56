"""The guard between the pipeline and the tasks: a task's failure is counted, never passed on."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from edgereg.core.errors import EdgeregError
from edgereg.core.predictions import Predictions, Refinement
from edgereg.core.result import Fault

T = TypeVar("T")

# Steps that a task can do without: only they go off, the task itself runs on.
DISPENSABLE = frozenset({"refine", "marks"})


class Guard:
    """Counts what tasks do wrong and switches a task off after `limit` failures in a row.

    Where refinement or drawing is what fails, only that goes off (named 'task.step').

    A step that takes longer than `budget_s` seconds counts as failed, though its result is used.
    Safe to share between threads.
    """

    def __init__(self, limit: int = 5, budget_s: float = 10.0) -> None:
        self.limit = limit
        self.budget_s = budget_s
        self._lock = threading.Lock()
        self._in_row: Counter[tuple[str, str]] = Counter()
        self._counts: Counter[str] = Counter()
        self._off: dict[str, str] = {}

    @property
    def counts(self) -> dict[str, int]:
        """Failures so far by task."""
        with self._lock:
            return dict(self._counts)

    @property
    def switched_off(self) -> dict[str, str]:
        """Reasons by the name of what was switched off: 'task', or 'task.refine', 'task.marks'."""
        with self._lock:
            return dict(self._off)

    def is_off(self, task: str, step: str = "") -> bool:
        """Whether the task, or this dispensable step of it, was switched off."""
        return task in self._off or f"{task}.{step}" in self._off

    def attempt(self, task: str, step: str, faults: list[Fault], call: Callable[[], T]) -> T | None:
        """What `call` returns; None where it raised, which is counted and put in `faults`."""
        start = time.perf_counter()
        try:
            result = call()
        except Exception as error:  # a plugin may raise anything
            self.count(Fault(task, step, _reason(error)), faults)
            return None
        took = time.perf_counter() - start
        if took > self.budget_s:
            reason = f"took {took:.1f} s, more than the {self.budget_s:g} s allowed"
            self.count(Fault(task, step, reason), faults)
        else:
            self.passed(task, step)
        return result

    def passed(self, task: str, step: str) -> None:
        """Note that a step went well, which ends a row of failures."""
        with self._lock:
            self._in_row[task, step] = 0

    def count(self, fault: Fault, faults: list[Fault]) -> None:
        """Count one failure; after `limit` in a row the task goes off."""
        faults.append(fault)
        with self._lock:
            self._counts[fault.task] += 1
            self._in_row[fault.task, fault.step] += 1
            if self._in_row[fault.task, fault.step] == self.limit:
                part = f".{fault.step}" if fault.step in DISPENSABLE else ""
                self._off[fault.task + part] = (
                    f"'{fault.task}{part}' was switched off after {self.limit} failures in a row "
                    f"in '{fault.step}': {fault.reason}"
                )


def _reason(error: Exception) -> str:
    """One line that says what went wrong; the class is named where the text alone says little."""
    text = " ".join(str(error).split())[:300]
    if isinstance(error, EdgeregError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def finite_only(predictions: Predictions) -> tuple[Predictions, int]:
    """The predictions whose numbers are all finite, and how many others there were."""
    keep = np.isfinite(predictions.values).all(axis=1) & np.isfinite(predictions.scores)
    for array in (predictions.regions, predictions.std):
        if array is not None:
            keep &= np.isfinite(array).all(axis=1)
    if predictions.refinement is not None:
        keep &= np.isfinite(predictions.refinement.trajectory).all(axis=(1, 2))
        keep &= np.isfinite(predictions.refinement.energy).all(axis=1)
    lost = int((~keep).sum())
    return (_select(predictions, keep) if lost else predictions), lost


def _select(p: Predictions, keep: npt.NDArray[np.bool_]) -> Predictions:
    """Rows of predictions, `keep` a mask [N]."""
    refinement = p.refinement
    if refinement is not None:
        refinement = Refinement(refinement.trajectory[keep], refinement.energy[keep])
    return replace(
        p,
        values=p.values[keep],
        scores=p.scores[keep],
        regions=None if p.regions is None else p.regions[keep],
        std=None if p.std is None else p.std[keep],
        refinement=refinement,
        tracks=None if p.tracks is None else p.tracks[keep],
        features={
            name: array[keep] if len(array) == len(keep) else array
            for name, array in p.features.items()
        },
        to_graph=None if p.to_graph is None else (p.to_graph[0][keep], p.to_graph[1][keep]),
    )
