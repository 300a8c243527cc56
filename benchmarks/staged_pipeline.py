"""The staged pipeline against its slowest stage alone, and against the plain loop.

    python benchmarks/staged_pipeline.py [--source CLIP] [--frames 150] [--repeats 3]

Decode, head detection, head pose, drawing and video writing run (a) each stage alone over all
frames, (b) one after the other, (c) all at once in stages: the same steps each time. The best of
the repeats counts. Ends with 1 where the stages reach less than 0.9 of the slowest one's speed,
or are not faster than the loop.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from edgereg.core.frames import Frame, SourceInfo
from edgereg.core.settings import Settings
from edgereg.demo.clip import CLIP
from edgereg.paint.opencv import paint
from edgereg.pipeline.guard import Guard
from edgereg.pipeline.loading import LoadedTask, Loading, load_tasks
from edgereg.pipeline.sequential import run_sequential
from edgereg.pipeline.staged import StagedPipeline
from edgereg.pipeline.stats import Report
from edgereg.pipeline.steps import Work, plan
from edgereg.plugins import load_plugins
from edgereg.sinks.base import RunInfo
from edgereg.sinks.open import open_sink
from edgereg.sources.base import Source
from edgereg.sources.open import open_source

WANTED = 0.9


@dataclass
class First:
    """The first `count` frames of a source, read again from the start until there are so many."""

    source: Source
    count: int

    @property
    def info(self) -> SourceInfo:
        """The source's own."""
        return self.source.info

    @property
    def warnings(self) -> Sequence[str]:
        """The source's own."""
        return self.source.warnings

    def frames(self) -> Iterator[Frame]:
        """Exactly `count` frames."""
        return islice(self._endless(), self.count)

    def seek(self, index: int) -> None:
        """Pass on."""
        self.source.seek(index)

    def close(self) -> None:
        """Pass on."""
        self.source.close()

    def _endless(self) -> Iterator[Frame]:
        while True:
            yield from self.source.frames()
            self.source.seek(0)


@dataclass(frozen=True)
class Bench:
    """What all ways of running share."""

    source: str
    frames: int
    tasks: Sequence[LoadedTask]
    out: Path

    def open(self) -> First:
        """The clip, from its start."""
        return First(open_source(self.source), self.frames)

    def alone(self) -> dict[str, float]:
        """Frames per second of each stage, run over all frames before the next stage starts."""
        speeds = {}
        source = self.open()
        start = time.perf_counter()
        works = [Work(frame) for frame in source.frames()]
        speeds["decode"] = self.frames / (time.perf_counter() - start)
        for step in plan(self.tasks, Settings(), Guard(), paint):
            speeds[step.name] = self._speed(step.run, works)
        sink = open_sink(self.out, RunInfo(source.info))
        speeds["write"] = self._speed(lambda work: sink.write(work.result()), works)
        sink.close()
        source.close()
        return speeds

    def _speed(self, run: Callable[[Work], None], works: Iterable[Work]) -> float:
        start = time.perf_counter()
        for work in works:
            run(work)
        return self.frames / (time.perf_counter() - start)

    def sequential(self) -> float:
        """Frames per second of the plain loop."""
        source = self.open()
        sinks = [open_sink(self.out, RunInfo(source.info))]
        return self._checked(run_sequential(source, self.tasks, sinks, painter=paint))

    def staged(self) -> float:
        """Frames per second of the staged pipeline."""
        source = self.open()
        sinks = [open_sink(self.out, RunInfo(source.info))]
        return self._checked(StagedPipeline(source, self.tasks, sinks, painter=paint).run())

    def _checked(self, report: Report) -> float:
        """Frames per second of a run in which nothing went wrong and nothing was lost."""
        assert report.error is None, report.error
        assert not report.faults, report.faults
        assert report.stats.frames == self.frames
        return report.stats.mean_fps


def compare(bench: Bench, repeats: int) -> int:
    """Measure in turn, print, and judge."""
    alone, sequential, staged = [], [], []
    for _ in range(repeats):
        alone.append(bench.alone())
        sequential.append(bench.sequential())
        staged.append(bench.staged())
    best = {name: max(run[name] for run in alone) for name in alone[0]}
    for name, speed in best.items():
        print(f"{name:>20} alone {speed:8.1f} frames/s")
    slowest = min(best, key=lambda name: best[name])
    share, gain = max(staged) / best[slowest], max(staged) / max(sequential)
    print(f"{'plain loop':>26} {max(sequential):8.1f} frames/s")
    print(f"{'in stages':>26} {max(staged):8.1f} frames/s")
    print(f"in stages / slowest stage alone ({slowest}): {share:.2f} (wanted: {WANTED})")
    print(f"in stages / plain loop: {gain:.2f} (wanted: over 1)")
    return int(share < WANTED or gain <= 1)


def main() -> int:
    """Load the bundled models and compare."""
    parser = argparse.ArgumentParser(description="Speed of the staged pipeline.")
    parser.add_argument("--source", default=str(CLIP))
    parser.add_argument("--frames", type=int, default=150)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--engine", default="auto")
    options = parser.parse_args()
    loading = Loading(engine=options.engine)
    tasks = load_tasks(load_plugins().tasks().values(), ["headpose"], loading)
    print(f"{options.frames} frames of {Path(options.source).name}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options.source, options.frames, tasks, Path(folder) / "out.mp4")
        return compare(bench, options.repeats)


if __name__ == "__main__":
    sys.exit(main())
