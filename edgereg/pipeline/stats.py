"""What a run is measured by: times per stage, frames per second, drops and faults."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

# Percentiles and the rate are of the latest frames, so that a run of days stays small and current.
WINDOW = 2000
RATE_S = 5.0
_SHARES = 0.50, 0.95, 0.99


@dataclass(frozen=True)
class StageStats:
    """Times of one stage in milliseconds over the latest frames; `count` is of the whole run."""

    count: int
    p50_ms: float
    p95_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Stats:
    """A run so far.

    frames: results written; dropped: frames that came too fast (latest mode only).
    fps: results per second over the last few seconds; mean_fps: over the whole run.
    stages: by name, in running order. ages: of results, from when the frame was there to when its
    result was written.
    """

    frames: int
    dropped: int
    elapsed_s: float
    fps: float
    mean_fps: float
    stages: Mapping[str, StageStats] = field(default_factory=dict)
    ages: StageStats = field(default_factory=lambda: StageStats(0, 0.0, 0.0, 0.0))


@dataclass(frozen=True)
class Report:
    """How a run ended.

    error: what ended it before its time, or None. faults: failures by task. switched_off: reasons
    by task. warnings: what the source survived.
    """

    stats: Stats
    faults: Mapping[str, int]
    switched_off: Mapping[str, str]
    warnings: tuple[str, ...]
    error: Exception | None = None


class Meter:
    """Collects times; any thread may measure and read."""

    def __init__(self, stages: tuple[str, ...]) -> None:
        self._lock = threading.Lock()
        self._times = {name: _Latest() for name in stages}
        self._written: deque[float] = deque(maxlen=1000)
        self._ages = _Latest()
        self._start = time.perf_counter()

    @contextmanager
    def time(self, stage: str) -> Iterator[None]:
        """Measure the block as one run of `stage`."""
        start = time.perf_counter()
        yield
        took = time.perf_counter() - start
        with self._lock:
            self._times[stage].add(took)

    def frame_done(self, age_s: float = 0.0) -> None:
        """Count one written result, so many seconds after its frame was there."""
        with self._lock:
            self._ages.add(age_s)
            self._written.append(time.perf_counter())

    @property
    def frames(self) -> int:
        """Results written so far."""
        return self._ages.count

    def stats(self, dropped: int = 0) -> Stats:
        """Everything so far."""
        with self._lock:
            now = time.perf_counter()
            elapsed = now - self._start
            return Stats(
                self.frames,
                dropped,
                elapsed,
                _rate(self._written, now),
                self.frames / elapsed if elapsed else 0.0,
                {name: times.summary() for name, times in self._times.items()},
                self._ages.summary(),
            )


class _Latest:
    """The latest WINDOW of some times in seconds; `count`: of all."""

    def __init__(self) -> None:
        self.count = 0
        self._times = np.zeros(WINDOW)

    def add(self, time_s: float) -> None:
        """One more, in the place of the oldest."""
        self._times[self.count % WINDOW] = time_s
        self.count += 1

    def summary(self) -> StageStats:
        """Percentiles as `np.percentile` has them, which takes ten times as long: a window asks for
        those of all stages again and again."""
        if not self.count:
            return StageStats(0, 0.0, 0.0, 0.0)
        ordered = np.sort(self._times[: self.count]) * 1000
        places = np.multiply(_SHARES, len(ordered) - 1)
        p50, p95, p99 = np.interp(places, np.arange(len(ordered)), ordered).tolist()
        return StageStats(self.count, p50, p95, p99)


def _rate(written: deque[float], now: float) -> float:
    """Results per second over the last RATE_S seconds; falls towards 0 where nothing comes."""
    if len(written) < 2:
        return 0.0
    recent = [moment for moment in written if now - moment <= RATE_S]
    if len(recent) < 2:
        return 1 / max(now - written[-1], written[-1] - written[-2], 1e-9)
    return (len(recent) - 1) / max(recent[-1] - recent[0], 1e-9)
