"""The front door for programs: `edgereg.stream`, `edgereg.run` and `edgereg.predict`."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Literal

from edgereg.assembly import Choice, Origin, assemble, in_order, load, passes, what_is_loaded
from edgereg.blurring import Blur
from edgereg.core.arrays import Image
from edgereg.core.errors import EdgeregError
from edgereg.core.frames import SourceInfo
from edgereg.core.predictions import Predictions
from edgereg.core.regions import Prompt
from edgereg.core.result import FrameResult
from edgereg.pipeline.loading import LoadedTask
from edgereg.pipeline.stats import Report
from edgereg.plugins import Plugins, load_plugins
from edgereg.sources.wrapped import Arrays

# Results that may wait for the caller of `stream`; the pipeline pauses beyond that.
AHEAD = 4


def stream(
    source: Origin,
    *,
    tasks: str | Sequence[str] = (),
    models: str | Path | Sequence[str | Path] = (),
    engine: str = "auto",
    refine: bool = True,
    steps: int | None = None,
    prompts: Sequence[Prompt] = (),
    track: bool = True,
    detect_every: int | Literal["auto"] = 1,
    smooth: bool = False,
    realtime: bool | None = None,
    limit: int | None = None,
    threads: int | None = None,
    size: str = "default",
    threshold: float | None = None,
    fov: float | None = None,
) -> Stream:
    """Run a source through tasks, and iterate over the results, a `FrameResult` for each frame.

    source: a file, folder or glob, a camera's number, a URL, an iterable of images uint8 [H, W, 3]
    RGB, or an open `edgereg.api.Source`. tasks: names (default: head pose); what they stand on runs
    too. models: folders to use instead of the tasks' own. engine: as `edgereg engines` lists them.
    refine, steps: climb the predicted density, and how far. prompts: boxes that a tracker follows.
    track: people keep a number through the clip. detect_every: detect in every so-manieth frame and
    carry the boxes between; 'auto': as often as keeps up with the source. smooth: values are
    steadied over time beside the raw ones (`head.smoothed("yaw")`), and drawn so.
    realtime: the latest frame wins, and late ones are dropped (default: for cameras and streams).
    limit: stop after so many frames. threads: CPU threads of a model (default: shared out).
    size: of the picture that a detector looks at: 'fast', 'default' or 'far'. threshold: least
    score, 0 to 1, of what it finds (default: its model's own).
    fov: degrees that frames show from left to right; head pose is then free of perspective, and
    gives the head's place (x, y, distance in m).

    Raises EdgeregError: at once where something can't be opened, while iterating where the source
    fails. Leaving the loop ends the run; so does leaving `with edgereg.stream(...) as results`.
    """
    choice = Choice(
        tasks=_names(tasks),
        models=_folders(models),
        engine=engine,
        threads=threads,
        size=size,
        threshold=threshold,
        realtime=realtime,
        limit=limit,
        refine=refine,
        steps=steps,
        prompts=tuple(prompts),
        track=track,
        detect_every=detect_every,
        fov=fov,
        filters=("smooth",) if smooth else (),
    )
    return Stream(source, choice)


def run(
    source: Origin,
    *outputs: str | Path,
    tasks: str | Sequence[str] = (),
    models: str | Path | Sequence[str | Path] = (),
    engine: str = "auto",
    refine: bool = True,
    steps: int | None = None,
    prompts: Sequence[Prompt] = (),
    track: bool = True,
    detect_every: int | Literal["auto"] = 1,
    smooth: bool = False,
    realtime: bool | None = None,
    limit: int | None = None,
    threads: int | None = None,
    size: str = "default",
    threshold: float | None = None,
    fov: float | None = None,
    append: bool = False,
    resume: bool = False,
    blur: str | None = None,
) -> Report:
    """Run a source through tasks into files, as the command `edgereg run` does.

    outputs: paths; the ending says what is written. append: to tables that are there. resume: go
    on with a folder or glob of clips after the last one that is done in the outputs. blur: cover
    the heads in all pictures: 'heads', 'heads:pixelate' or 'heads:box'; files are read twice.
    Everything else as in `stream`. Returns times, counts, warnings and the faults of tasks. Raises
    EdgeregError where the run could not be made, or ended by a fault; what came before it is then
    in the outputs, or beside those that were there before.
    """
    choice = Choice(
        tasks=_names(tasks),
        models=_folders(models),
        engine=engine,
        threads=threads,
        size=size,
        threshold=threshold,
        realtime=realtime,
        limit=limit,
        refine=refine,
        steps=steps,
        prompts=tuple(prompts),
        track=track,
        detect_every=detect_every,
        fov=fov,
        filters=("smooth",) if smooth else (),
        blur=None if blur is None else Blur.parse(blur),
    )
    paths = [Path(output) for output in outputs]
    reports = [
        whole.to_its_end()
        for whole in passes(_plugins(), source, paths, choice, append=append, resume=resume)
    ]
    return reports[0]


def predict(
    image: Image,
    task: str = "headpose",
    *,
    models: str | Path | Sequence[str | Path] = (),
    engine: str = "auto",
    refine: bool = True,
    steps: int | None = None,
    threads: int | None = None,
    size: str = "default",
    threshold: float | None = None,
    fov: float | None = None,
) -> Predictions:
    """What a task finds in one picture, uint8 [H, W, 3] RGB.

    The models are loaded once and kept for the next call with the same choice. Arguments as in
    `stream`. Raises EdgeregError where a model can't be loaded or the task fails.
    """
    choice = Choice(
        tasks=(task,),
        models=_folders(models),
        engine=engine,
        threads=threads,
        size=size,
        threshold=threshold,
        refine=refine,
        steps=steps,
        fov=fov,
    )
    kept = _Kept()
    report = in_order(
        Arrays([image], "picture"),
        _loaded(what_is_loaded(choice)),
        [kept],
        choice.settings(_plugins()),
    )
    if report.error is not None:
        raise report.error
    try:
        return kept.results[0][task]
    except KeyError as error:
        raise EdgeregError(str(error.args[0])) from error


class Stream:
    """The results of a run, one after the other; see `stream`."""

    def __init__(self, source: Origin, choice: Choice) -> None:
        self._results = _Handover()
        self._run = assemble(_plugins(), source, (), choice, sinks=[self._results], queue_size=2)
        self._started = False

    @property
    def info(self) -> SourceInfo:
        """What is known of the source."""
        return self._run.source.info

    def report(self) -> Report:
        """Times, counts, warnings and the faults of tasks so far."""
        return self._run.pipeline.report()

    def stop(self) -> None:
        """End the run; results that were not fetched are lost."""
        self._results.left.set()
        self._run.pipeline.stop()

    def __iter__(self) -> Iterator[FrameResult]:
        if not self._started:
            self._started = True
            self._run.pipeline.start()
        try:
            while (result := self._results.next()) is not None:
                yield result
        finally:
            self.stop()
        error = self.report().error
        if error is not None:
            raise error

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class _Handover:
    """A sink from which another thread fetches; the run waits while it is full."""

    def __init__(self) -> None:
        self.left = threading.Event()
        self._waiting: queue.Queue[FrameResult | None] = queue.Queue(AHEAD)

    def next(self) -> FrameResult | None:
        """The next result, or None after the last."""
        while not self.left.is_set():
            with suppress(queue.Empty):
                return self._waiting.get(timeout=0.1)
        return None

    def write(self, result: FrameResult | None) -> None:
        """Hand over a result, or None at the end."""
        while not self.left.is_set():
            with suppress(queue.Full):
                self._waiting.put(result, timeout=0.1)
                return

    def close(self) -> None:
        """Nothing more comes."""
        self.write(None)


@dataclass
class _Kept:
    """A sink that keeps every result."""

    results: list[FrameResult] = field(default_factory=list)

    def write(self, result: FrameResult) -> None:
        self.results.append(result)

    def close(self) -> None:
        pass


def _names(tasks: str | Sequence[str]) -> tuple[str, ...]:
    return (tasks,) if isinstance(tasks, str) else tuple(tasks)


def _folders(models: str | Path | Sequence[str | Path]) -> tuple[Path, ...]:
    return tuple(Path(each) for each in ([models] if isinstance(models, str | Path) else models))


@lru_cache(maxsize=1)
def _plugins() -> Plugins:
    """The plugins of this process, loaded once."""
    return load_plugins()


@lru_cache(maxsize=8)
def _loaded(choice: Choice) -> list[LoadedTask]:
    """The tasks of `what_is_loaded`, kept for the next picture."""
    return load(_plugins(), choice)
