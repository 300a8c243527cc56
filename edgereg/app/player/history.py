"""The values of one prediction over time, kept for the plot."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace

import numpy as np

from edgereg.app.player.focus import row_of
from edgereg.core.arrays import FloatArray
from edgereg.core.predictions import Predictions
from edgereg.core.result import FrameResult

_KEPT = 6000
# A gap is this many times the usual time between two values.
_GAP = 4.0


@dataclass(frozen=True)
class Series:
    """times: float64 [M] in seconds, ascending; values: float32 [M, D], NaN where it was lost."""

    times: np.ndarray
    values: FloatArray


@dataclass(frozen=True)
class _Moment:
    time_s: float
    predictions: Predictions


class History:
    """Remembers predictions by frame, and the series of the one that is followed."""

    def __init__(self) -> None:
        self._moments: OrderedDict[int, _Moment] = OrderedDict()
        self._series: dict[int, tuple[float, FloatArray]] = {}

    def clear(self) -> None:
        """Forget everything: another source, or another task."""
        self._moments.clear()
        self._series.clear()

    def add(self, result: FrameResult, task: str | None, row: int | None) -> None:
        """Remember a frame; `row`: the followed prediction, or None where it is not there."""
        found = result.predictions.get(task) if task is not None else None
        if found is None:
            return
        # Features would fill the memory, the device's too: a map for each of thousands of frames.
        self._moments[result.index] = _Moment(result.time_s, replace(found, features={}))
        self._moments.move_to_end(result.index)
        self._series.pop(result.index, None)
        if row is not None:
            self._series[result.index] = (result.time_s, _steady(found)[row])
        while len(self._moments) > _KEPT:
            oldest, _ = self._moments.popitem(last=False)
            self._series.pop(oldest, None)

    def follow(self, index: int, anchor: FloatArray | None) -> None:
        """Rebuild the series of what lies at `anchor` [4] in frame `index`, by overlap."""
        self._series.clear()
        order = sorted(self._moments)
        self._walk([i for i in order if i >= index], anchor)
        self._walk([i for i in reversed(order) if i < index], anchor)

    def appearance_before(self, index: int) -> int | None:
        """The last frame before `index` in which something was found, and none in the one before
        it, as far as that was seen; None where there is none."""
        found = {i for i, moment in self._moments.items() if i < index and len(moment.predictions)}
        return max((i for i in found if i - 1 not in found), default=None)

    def series(self) -> Series:
        """What is followed, over time."""
        rows = [self._series[index] for index in sorted(self._series)]
        if not rows:
            return Series(np.zeros(0), np.zeros((0, 0), np.float32))
        order = np.argsort([time_s for time_s, _ in rows], kind="stable")
        times = np.array([time_s for time_s, _ in rows])[order]
        return _with_gaps(times, np.stack([values for _, values in rows])[order])

    def _walk(self, indices: list[int], anchor: FloatArray | None) -> None:
        for index in indices:
            moment = self._moments[index]
            row = row_of(moment.predictions, anchor)
            if row is None:
                continue
            self._series[index] = (moment.time_s, _steady(moment.predictions)[row])
            if anchor is not None and moment.predictions.boxes is not None:
                anchor = moment.predictions.boxes[row]


def _steady(found: Predictions) -> FloatArray:
    """[N, D]: the smoothed values where there are such."""
    return found.values if found.smoothed is None else found.smoothed


def _with_gaps(times: np.ndarray, values: FloatArray) -> Series:
    """Put NaN where far more time passed than between most frames, so that no line is drawn."""
    steps = np.diff(times)
    if not len(steps):
        return Series(times, values)
    gaps = np.flatnonzero(steps > _GAP * np.median(steps)) + 1
    middle = (times[gaps - 1] + times[gaps]) / 2
    return Series(np.insert(times, gaps, middle), np.insert(values, gaps, np.nan, axis=0))
