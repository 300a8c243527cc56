"""Sources, sinks and runners for the pipeline's tests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from edgereg.core.errors import SinkError, SourceError
from edgereg.core.frames import Frame, SourceInfo
from edgereg.core.result import FrameResult
from edgereg.pipeline.guard import Guard
from edgereg.pipeline.loading import LoadedTask, Loading, load_task
from edgereg.pipeline.sequential import run_sequential
from edgereg.pipeline.staged import StagedPipeline
from edgereg.pipeline.stats import Report


@dataclass
class Frames:
    """`count` frames in memory, grey level = index; fails at `fails_at`, takes `wait_s` each."""

    count: int = 10
    fails_at: int | None = None
    wait_s: float = 0.0
    live: bool = False
    warnings: list[str] = field(default_factory=list)
    closed: bool = False
    position: int = 0

    @property
    def info(self) -> SourceInfo:
        return SourceInfo("frames", 64, 48, 50.0, self.count, seekable=True, live=self.live)

    def frames(self) -> Iterator[Frame]:
        while self.position < self.count and not self.closed:
            if self.position == self.fails_at:
                raise SourceError("frames: unplugged; plug it in")
            time.sleep(self.wait_s)
            index, self.position = self.position, self.position + 1
            yield Frame(index, index / 50, np.full((48, 64, 3), index % 256, np.uint8))

    def seek(self, index: int) -> None:
        self.position = index

    def close(self) -> None:
        self.closed = True


@dataclass
class Collector:
    """Keeps the results; fails at the `fails_at`th, takes `wait_s` each."""

    fails_at: int | None = None
    wait_s: float = 0.0
    results: list[FrameResult] = field(default_factory=list)
    closed: int = 0

    def write(self, result: FrameResult) -> None:
        if len(self.results) == self.fails_at:
            raise SinkError("collector: the disk is full; free some space")
        time.sleep(self.wait_s)
        self.results.append(result)

    def close(self) -> None:
        self.closed += 1

    @property
    def indices(self) -> list[int]:
        return [result.index for result in self.results]


@pytest.fixture
def frames() -> type[Frames]:
    return Frames


@pytest.fixture
def collector() -> type[Collector]:
    return Collector


def staged(source: Any, tasks: Sequence[LoadedTask], sinks: Any, **more: Any) -> Report:
    return StagedPipeline(source, tasks, sinks, **more).run()


@pytest.fixture(params=[run_sequential, staged], ids=["sequential", "staged"])
def run(request: pytest.FixtureRequest) -> Callable[..., Report]:
    """Both runners; what holds for one must hold for the other."""
    return request.param


@pytest.fixture
def loaded(spot_task: Any, colour_task: Any) -> list[LoadedTask]:
    pytest.importorskip("onnxruntime")
    return [
        load_task(spot_task, Loading(engine="cpu")),
        load_task(colour_task, Loading(engine="cpu")),
    ]


@pytest.fixture
def guard() -> Guard:
    return Guard(limit=3)
