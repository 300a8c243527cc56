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
        self._times: dict[str, deque[float]] = {name: deque(maxlen=WINDOW) for name in stages}
        self._counts = dict.fromkeys(stages, 0)
        self._written: deque[float] = deque(maxlen=1000)
        self._ages: deque[float] = deque(maxlen=WINDOW)
        self._frames = 0
        self._start = time.perf_counter()

    @contextmanager
    def time(self, stage: str) -> Iterator[None]:
        """Measure the block as one run of `stage`."""
        start = time.perf_counter()
        yield
        took = time.perf_counter() - start
        with self._lock:
            self._times[stage].append(took)
            self._counts[stage] += 1

    def frame_done(self, age_s: float = 0.0) -> None:
        """Count one written result, so many seconds after its frame was there."""
        with self._lock:
            self._ages.append(age_s)
            self._frames += 1
            self._written.append(time.perf_counter())

    @property
    def frames(self) -> int:
        """Results written so far."""
        return self._frames

    def stats(self, dropped: int = 0) -> Stats:
        """Everything so far."""
        with self._lock:
            elapsed = time.perf_counter() - self._start
            stages = {
                name: _summary(self._counts[name], times) for name, times in self._times.items()
            }
            return Stats(
                self._frames,
                dropped,
                elapsed,
                _rate(self._written, time.perf_counter()),
                self._frames / elapsed if elapsed else 0.0,
                stages,
                _summary(self._frames, self._ages),
            )


def _summary(count: int, times: deque[float]) -> StageStats:
    if not times:
        return StageStats(count, 0.0, 0.0, 0.0)
    p50, p95, p99 = np.percentile(np.asarray(times) * 1000, [50, 95, 99])
    return StageStats(count, float(p50), float(p95), float(p99))


def _rate(written: deque[float], now: float) -> float:
    """Results per second over the last RATE_S seconds; falls towards 0 where nothing comes."""
    if len(written) < 2:
        return 0.0
    recent = [moment for moment in written if now - moment <= RATE_S]
    if len(recent) < 2:
        return 1 / max(now - written[-1], written[-1] - written[-2], 1e-9)
    return (len(recent) - 1) / max(recent[-1] - recent[0], 1e-9)
