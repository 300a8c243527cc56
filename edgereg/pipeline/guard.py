"""The guard between the pipeline and the tasks: a task's failure is counted, never passed on."""

from __future__ import annotations

import threading
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np

from edgereg.core.custody import custody
from edgereg.core.errors import one_line
from edgereg.core.predictions import Predictions
from edgereg.core.result import Fault

T = TypeVar("T")

# Steps that a task can do without: only they go off, the task itself runs on.
DISPENSABLE = frozenset({"refine", "marks", "track", "filter", "panel"})


class Guard:
    """Counts what tasks do wrong and switches a task off after `limit` failures in a row.

    Where refinement or drawing is what fails, only that goes off (named 'task.step').

    A step that takes longer than `budget_s` seconds counts as failed, though its result is used;
    what has wasted three times that in a row goes off before its fifth failure. Safe to share
    between threads.
    """

    def __init__(
        self, limit: int = 5, budget_s: float = 10.0, whose: Mapping[str, str] | None = None
    ) -> None:
        """whose: the plugin of each task that is not edgereg's own."""
        self.limit = limit
        self.budget_s = budget_s
        self.patience_s = 3 * budget_s
        self.whose = whose or {}
        self._lock = threading.Lock()
        self._in_row: Counter[tuple[str, str]] = Counter()
        self._wasted_s: dict[tuple[str, str], float] = defaultdict(float)
        self._at_work: dict[int, tuple[str, str, float]] = {}
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

    def stuck(self) -> dict[tuple[str, str], float]:
        """Tasks and steps that have been at work for too long, and may never end: for how long."""
        now = time.perf_counter()
        return {
            (task, step): now - since
            for task, step, since in list(self._at_work.values())
            if now - since > self.patience_s and step != "open"
        }

    def attempt(self, task: str, step: str, faults: list[Fault], call: Callable[[], T]) -> T | None:
        """What `call` returns; None where it raised, which is counted and put in `faults`."""
        start = time.perf_counter()
        thread = threading.get_ident()
        self._at_work[thread] = (task, step, start)
        try:
            with custody(self.whose.get(task, "")):
                result = call()
        except BaseException as error:  # a plugin may raise anything
            here = threading.current_thread() is threading.main_thread()
            if isinstance(error, KeyboardInterrupt) and here:
                raise  # Ctrl-C comes to the main thread alone; elsewhere it is the plugin's own
            trace = "".join(traceback.format_exception(error))
            took = time.perf_counter() - start
            wasted = took if took > self.budget_s else 0.0
            self.count(Fault(task, step, one_line(error), trace), faults, wasted_s=wasted)
            return None
        finally:
            del self._at_work[thread]
        took = time.perf_counter() - start
        if took > self.budget_s:
            reason = f"took {took:.1f} s, more than the {self.budget_s:g} s allowed"
            self.count(Fault(task, step, reason), faults, wasted_s=took)
        else:
            self.passed(task, step)
        return result

    def passed(self, task: str, step: str) -> None:
        """Note that a step went well, which ends a row of failures."""
        with self._lock:
            self._in_row[task, step] = 0
            self._wasted_s[task, step] = 0

    def count(self, fault: Fault, faults: list[Fault], wasted_s: float = 0.0) -> None:
        """Count one failure; after `limit` in a row, or too much time, the task goes off."""
        faults.append(fault)
        place = fault.task, fault.step
        with self._lock:
            self._counts[fault.task] += 1
            self._in_row[place] += 1
            self._wasted_s[place] += 0 if fault.step == "open" else wasted_s
            if self._in_row[place] == self.limit or self._wasted_s[place] >= self.patience_s:
                part = f".{fault.step}" if fault.step in DISPENSABLE else ""
                number = self._in_row[place]
                failures = f"{number} failures in a row" if number > 1 else "one failure"
                self._off.setdefault(
                    fault.task + part,
                    f"'{fault.task}{part}' was switched off after {failures} in '{fault.step}': "
                    f"{fault.reason}",
                )

    def finite_only(self, predictions: Predictions, faults: list[Fault]) -> Predictions:
        """The predictions whose numbers are all finite; the others are counted as a failure."""
        p = predictions
        keep = np.isfinite(p.values).all(axis=1) & np.isfinite(p.scores)
        for array in (p.regions, p.std):
            if array is not None:
                keep &= np.isfinite(array).all(axis=1)
        if p.intervals is not None:
            keep &= np.isfinite(p.intervals).all(axis=(1, 2))
        if p.refinement is not None:
            keep &= np.isfinite(p.refinement.trajectory).all(axis=(1, 2))
            keep &= np.isfinite(p.refinement.energy).all(axis=1)
        if keep.all():
            self.passed(p.task, "values")
            return p
        lost = int((~keep).sum())
        reason = f"{lost} of {len(p)} predictions were not finite and are dropped"
        self.count(Fault(p.task, "values", reason), faults)
        return p.select(keep)
