"""The density of a prediction that somebody looks at, computed for all who do at once."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, TypeAlias

from edgereg.core.errors import EdgeregError
from edgereg.core.predictions import Predictions
from edgereg.density import density_curves
from edgereg.pipeline.loading import LoadedRegionTask, LoadedTask
from edgereg.serve.worker import Worker

# Whoever asks sooner gets what was computed last: the model is the pipeline's first of all.
EVERY_S = 0.4
POINTS = 181
MOST_ANSWERS = 64

_Key: TypeAlias = tuple[str, str, int | None]


def with_density(tasks: Sequence[LoadedTask]) -> list[str]:
    """Names of the tasks whose model has a density graph."""
    return [each.name for each in tasks if isinstance(each, LoadedRegionTask) and each.density]


class Densities:
    """Computes one at a time, and at most every EVERY_S for each prediction."""

    def __init__(self) -> None:
        self._answers: OrderedDict[_Key, tuple[float, dict[str, Any] | None]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, worker: Worker, task: str, track: int | None) -> dict[str, Any] | None:
        """Curves of a task's prediction in the latest frame, by track (None: the first one).

        None where the frame has no such prediction. Raises EdgeregError where the task's model
        has no density.
        """
        key = (worker.name, task, track)
        with self._lock:
            then, answer = self._answers.get(key, (0.0, None))
            if then == 0.0 or time.monotonic() - then > EVERY_S:
                answer = _curves(worker, task, track)
                self._answers[key] = (time.monotonic(), answer)
                self._answers.move_to_end(key)
                if len(self._answers) > MOST_ANSWERS:
                    self._answers.popitem(last=False)
        return answer


def _curves(worker: Worker, task: str, track: int | None) -> dict[str, Any] | None:
    at_work, latest = worker.at_work, worker.live.latest
    if at_work is None or latest is None:
        return None
    loaded = next((each for each in at_work.tasks if each.name == task), None)
    if not isinstance(loaded, LoadedRegionTask) or loaded.density is None:
        raise EdgeregError(f"task: '{task}' has no density here")
    found = latest.result.predictions.get(task)
    row = None if found is None else _row(found, track)
    if found is None or row is None:
        return None
    curves = density_curves(loaded.density, loaded.spec, found, row, points=POINTS)
    return {
        "task": task,
        "track": track,
        "curves": [
            {
                "name": each.name,
                "unit": each.unit,
                "x": [float(each.x[0]), float(each.x[-1])],
                "density": [float(f"{value:.4g}") for value in each.density],
                "initial": each.initial,
                "final": each.final,
            }
            for each in curves
        ],
    }


def _row(found: Predictions, track: int | None) -> int | None:
    """The row of a track; None where it is not in this frame."""
    rows = range(len(found))
    if track is None:
        return next(iter(rows), None)
    return next((row for row in rows if found[row].track == track), None)
