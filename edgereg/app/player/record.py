"""The values of everything that was found so far, by task and track, kept for plots and lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import FloatArray
from edgereg.core.predictions import Predictions
from edgereg.core.result import FrameResult

# What a task gives for the whole frame, and what nobody tracks: the best of each frame.
UNTRACKED = 0
# More single numbers than this are not kept of a task.
MOST_VALUES = 16
# Of a camera that runs for days, the oldest half of so many rows is given up.
MOST_ROWS = 1_000_000
# A gap is this many times the usual time between two values.
_GAP = 4.0
_NOTHING = np.zeros(0, np.int64), np.zeros(0), np.zeros((0, 0), np.float32)
_ARRAYS = ("_frames", "_times", "_tracks", "_values", "_valid")


@dataclass(frozen=True)
class Series:
    """times: float64 [M] in seconds, ascending; values: float32 [M, D], NaN where it was not seen.

    The columns are the task's values of size 1, in their order.
    """

    times: npt.NDArray[np.float64]
    values: FloatArray

    def thinned(self, most: int) -> Series:
        """At most so many points, for a plot that shows no more: in each group of neighbours the
        least and the greatest value. Gaps within a group are not shown."""
        size = -(-2 * len(self.times) // max(most, 2))
        if size <= 2:
            return self
        groups, width = -(-len(self.times) // size), self.values.shape[1]
        whole = np.full((groups * size, width), np.nan, np.float32)
        whole[: len(self.values)] = self.values
        parts = whole.reshape(groups, size, width)
        # Ends of a comparison that NaN never wins, put back where nothing was seen.
        seen = ~np.isnan(parts)
        low = np.where(seen, parts, np.inf).min(axis=1)
        high = np.where(seen, parts, -np.inf).max(axis=1)
        ends = np.stack([low, high], axis=1)
        ends[np.isinf(ends)] = np.nan
        starts = np.arange(groups) * size
        last = len(self.times) - 1
        times = self.times[np.minimum(np.stack([starts, starts + size // 2], axis=1), last)]
        return Series(times.reshape(-1), ends.reshape(-1, width).astype(np.float32))


@dataclass(frozen=True)
class Presence:
    """first_s, last_s: seconds; stretches: first and last frames of when it was seen."""

    first_s: float
    last_s: float
    stretches: tuple[tuple[int, int], ...]


class _Table:
    """Rows of one task in growing arrays; a frame that is seen again replaces its old rows."""

    def __init__(self, width: int) -> None:
        self._count = 0
        self._frames = np.zeros(256, np.int64)
        self._times = np.zeros(256)
        self._tracks = np.zeros(256, np.int64)
        self._values = np.zeros((256, width), np.float32)
        self._valid = np.zeros(256, bool)
        self._seen = np.zeros(256, bool)
        self.rows_of: dict[int, tuple[int, int]] = {}

    def add(
        self, index: int, time_s: float, tracks: npt.NDArray[np.int64], values: FloatArray
    ) -> None:
        """The tracks [N] and values [N, D] of a frame; N may be 0."""
        old = self.rows_of.get(index)
        if old is not None:
            self._valid[old[0] : old[1]] = False
        start, end = self._count, self._count + len(tracks)
        while end > len(self._frames):
            if len(self._frames) >= MOST_ROWS:
                self._halve()
                start, end = self._count, self._count + len(tracks)
            else:
                self._grow()
        self._frames[start:end], self._times[start:end] = index, time_s
        self._tracks[start:end], self._values[start:end] = tracks, values
        self._valid[start:end] = True
        self._count = end
        self.rows_of[index] = start, end
        while index >= len(self._seen):
            self._seen = np.concatenate([self._seen, np.zeros_like(self._seen)])
        self._seen[index] = True

    def rename(self, old: int, new: int) -> None:
        """Two tracks have proved to be one."""
        self._tracks[: self._count][self._tracks[: self._count] == old] = new

    def of(self, track: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], FloatArray]:
        """Frames [M], ascending, times [M] and values [M, D] of a track."""
        known = slice(self._count)
        rows = np.flatnonzero(self._valid[known] & (self._tracks[known] == track))
        rows = rows[np.argsort(self._frames[rows], kind="stable")]
        return self._frames[rows], self._times[rows], self._values[rows]

    def gaps(
        self, frames: npt.NDArray[np.int64], times: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.intp]:
        """Positions in a track's frames before which it has a gap: the task saw a frame between
        without the track, or far more time passed than between most frames."""
        if len(frames) < 2:
            return np.zeros(0, np.intp)
        missed = np.diff(np.cumsum(self._seen, dtype=np.int64)[frames]) > 1
        steps = np.diff(times)
        # NumPy's median costs more than all the rest.
        usual = np.partition(steps, len(steps) // 2)[len(steps) // 2]
        return np.flatnonzero(missed | (steps > _GAP * usual)) + 1

    def _halve(self) -> None:
        """Give up the older half of the rows."""
        gone = self._count // 2
        for name in _ARRAYS:
            array = getattr(self, name)
            array[: self._count - gone] = array[gone : self._count]
        self._count -= gone
        spans = {frame: (a - gone, b - gone) for frame, (a, b) in self.rows_of.items()}
        self.rows_of = {frame: span for frame, span in spans.items() if span[0] >= 0}

    def _grow(self) -> None:
        for name in _ARRAYS:
            array = getattr(self, name)
            setattr(self, name, np.concatenate([array, np.zeros_like(array)]))


class Record:
    """All values of one source that were computed so far, each frame's latest."""

    def __init__(self) -> None:
        self._tables: dict[str, _Table] = {}
        # Values before refinement, of tasks that refine.
        self._initial: dict[str, _Table] = {}

    def forget(self) -> None:
        """Another source."""
        self._tables.clear()
        self._initial.clear()

    def forget_task(self, task: str) -> None:
        """Another model computes it from now on."""
        self._tables.pop(task, None)
        self._initial.pop(task, None)

    def add(self, result: FrameResult) -> None:
        """Keep what all tasks found in a frame."""
        for task, found in result.predictions.items():
            columns = _single_columns(found)
            tracks, rows = _tracks_of(found)
            steady = found.values if found.smoothed is None else found.smoothed
            kept = [(self._tables, steady)]
            if found.refinement is not None:
                kept.append((self._initial, found.refinement.initial))
            for tables, values in kept:
                table = tables.setdefault(task, _Table(len(columns)))
                table.add(result.index, result.time_s, tracks, values[rows][:, columns])

    def rename(self, tasks: Mapping[str, str], detector: str, old: int, new: int) -> None:
        """Two tracks of a detector are one; tasks: the detector that each task stands on."""
        for tables in (self._tables, self._initial):
            for task, table in tables.items():
                if tasks.get(task, task) == detector:
                    table.rename(old, new)

    def series(self, task: str | None, track: int, *, initial: bool = False) -> Series:
        """The values of a track over time; empty where there are none. initial: those before
        refinement."""
        tables = self._initial if initial else self._tables
        table = tables.get(task) if task is not None else None
        if table is None:
            return Series(np.zeros(0), np.zeros((0, 0), np.float32))
        frames, times, values = table.of(track)
        gaps = table.gaps(frames, times)
        if not len(gaps):
            return Series(times, values)
        middle = (times[gaps - 1] + times[gaps]) / 2
        return Series(np.insert(times, gaps, middle), np.insert(values, gaps, np.nan, axis=0))

    def presence(self, task: str, track: int) -> Presence | None:
        """When a track was seen, or None where it was not."""
        table = self._tables.get(task)
        frames, times, _ = table.of(track) if table is not None else _NOTHING
        if table is None or not len(frames):
            return None
        gaps = table.gaps(frames, times)
        starts, ends = [0, *gaps.tolist()], [*(gaps - 1).tolist(), -1]
        stretches = zip(frames[starts].tolist(), frames[ends].tolist(), strict=True)
        return Presence(float(times[0]), float(times[-1]), tuple(stretches))

    def appearance_before(self, task: str | None, index: int) -> int | None:
        """The last frame before `index` in which a task found something, and nothing in the one
        before it, as far as that was seen; None where there is none."""
        table = self._tables.get(task) if task is not None else None
        rows_of = {} if table is None else table.rows_of
        found = {frame for frame, (a, b) in rows_of.items() if frame < index and b > a}
        return max((frame for frame in found if frame - 1 not in found), default=None)


def _tracks_of(found: Predictions) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.intp]]:
    """Tracks [M], and the rows [M] that they belong to, without those that are lost; one row where
    nobody tracks."""
    if found.tracks is not None:
        lost = np.array([state == "lost" for state in found.states or ()], bool)
        seen = found.tracks >= 0
        rows = np.flatnonzero(seen & ~lost if len(lost) else seen)
        return found.tracks[rows], rows
    best = np.array([np.argmax(found.scores)] if len(found) else [], np.intp)
    return np.full(len(best), UNTRACKED, np.int64), best


def _single_columns(found: Predictions) -> list[int]:
    """Columns of values that are one number, up to MOST_VALUES of them."""
    sizes = [spec.size for spec in found.specs]
    firsts = accumulate(sizes, initial=0)
    return [first for first, size in zip(firsts, sizes, strict=False) if size == 1][:MOST_VALUES]
