"""The one place where a source, tasks, sinks and settings become a run.

The front door, the commands, the window, its export, the demo and the workers all come here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from edgereg.blurring import HEADS, Blur, Veil, Veiled
from edgereg.core.arrays import Image
from edgereg.core.errors import EdgeregError, ModelFolderError, SinkError
from edgereg.core.regions import Prompt
from edgereg.core.settings import Settings
from edgereg.core.tasks import Task
from edgereg.models.folder import load_model
from edgereg.paint.opencv import paint
from edgereg.pipeline.guard import Guard
from edgereg.pipeline.loading import LoadedTask, Loading, load_tasks
from edgereg.pipeline.memo import Memo
from edgereg.pipeline.sequential import run_sequential
from edgereg.pipeline.staged import Mode, StagedPipeline
from edgereg.pipeline.stats import Report
from edgereg.pipeline.steps import Recogniser
from edgereg.plugins import Plugins
from edgereg.sinks.base import RunInfo, Sink
from edgereg.sinks.clips_table import ClipsTable
from edgereg.sinks.open import format_of
from edgereg.sinks.outputs import (
    Output,
    Resume,
    check_inputs,
    check_outputs,
    open_outputs,
    settle,
    stopped_run,
)
from edgereg.sources.base import Source
from edgereg.sources.clips import Clips
from edgereg.sources.open import FORMATS, open_source
from edgereg.sources.options import SourceOptions
from edgereg.sources.wrapped import Arrays, Part
from edgereg.tracks.covers import Gathered, Held

log = logging.getLogger(__name__)

# A path, a camera's number, a URL ... as a user types it; an open source; or images from Python.
Origin: TypeAlias = str | int | Path | Source | Iterable[Image]

DEFAULT_TASKS = ("headpose",)


@dataclass(frozen=True)
class Choice:
    """What a user chooses of a run, beside its source and outputs. May travel to a worker.

    tasks: names; none: those of `models`, else head pose. models: folders to use instead of the
    tasks' own. engine: as `--engine` takes it. precision: demanded of every model, or None.
    threads: of a model, or None: shared out. size: of the pictures that models look at, by name:
    'fast', 'default', 'far'. threshold: least score, 0 to 1, of what detectors find, or None: their
    models'. realtime: the latest frame wins; None: where the source is live.
    limit: at most so many frames. refine, steps, prompts, track, detect_every: as in `Settings`.
    fov: what frames show from left to right, in degrees, for the tasks that make use of it.
    filters: names, in the order in which they are applied. blur: cover heads in pictures. source:
    how it is opened.
    """

    tasks: tuple[str, ...] = ()
    models: tuple[Path, ...] = ()
    engine: str = "auto"
    precision: str | None = None
    threads: int | None = None
    size: str = "default"
    threshold: float | None = None
    realtime: bool | None = None
    limit: int | None = None
    refine: bool = True
    steps: int | None = None
    prompts: tuple[Prompt, ...] = ()
    track: bool = True
    detect_every: int | Literal["auto"] = 1
    fov: float | None = None
    filters: tuple[str, ...] = ()
    blur: Blur | None = None
    source: SourceOptions = field(default_factory=SourceOptions)

    def settings(self, plugins: Plugins) -> Settings:
        """Settings of a new run. Raises EdgeregError for a filter that nobody brings."""
        known = plugins.filters()
        for name in self.filters:
            if name not in known:
                raise EdgeregError(f"no filter '{name}'; there are: {', '.join(known)}")
        return Settings(
            refine=self.refine,
            steps=self.steps,
            prompts=self.prompts,
            track=self.track,
            detect_every=self.detect_every,
            filters=tuple(known[name] for name in self.filters),
        )


def what_is_loaded(choice: Choice) -> Choice:
    """What of a choice the loaded models depend on; choices that agree in it can share them."""
    return Choice(
        tasks=choice.tasks,
        models=choice.models,
        engine=choice.engine,
        precision=choice.precision,
        threads=choice.threads,
        size=choice.size,
        threshold=choice.threshold,
        fov=choice.fov,
        blur=choice.blur,
    )


def load(plugins: Plugins, choice: Choice) -> list[LoadedTask]:
    """The chosen tasks with their models, in running order.

    Raises ModelFolderError where two models are for one task, or one is of another precision.
    """
    models = models_of(choice)
    wanted = choice.tasks or tuple(models) or DEFAULT_TASKS
    if choice.blur is not None and HEADS not in wanted:
        wanted = (*wanted, HEADS)
    loaded = load_tasks(offered(plugins, choice), wanted, loading_of(plugins, choice, models))
    for each in loaded:
        check_precision(each, choice)
    return loaded


def models_of(choice: Choice) -> dict[str, Path]:
    """The chosen models by their tasks. Raises ModelFolderError where two are for one task."""
    models: dict[str, Path] = {}
    for folder in choice.models:
        task = load_model(folder).spec.task
        if task in models:
            raise ModelFolderError(
                f"{folder}: a second model for task '{task}'; name one model a task"
            )
        models[task] = folder
    return models


def with_model(choice: Choice, folder: Path | None, task: str | None = None) -> Choice:
    """The choice with another model of a task; None: its own. task: None: the model's.

    Raises ModelFolderError where the folder is no model, or one of another task.
    """
    if folder is not None:
        found = load_model(folder).spec.task
        if task is not None and task != found:
            raise ModelFolderError(f"{folder}: is a model of task '{found}', not of '{task}'")
        task = found
    others = tuple(place for name, place in models_of(choice).items() if name != task)
    return replace(choice, models=others if folder is None else (*others, folder))


def loading_of(plugins: Plugins, choice: Choice, models: Mapping[str, Path]) -> Loading:
    """How the models of a choice are loaded."""
    loaders = {name: provider.load for name, provider in plugins.engines().items()}
    return Loading(models, choice.engine, choice.threads, loaders, choice.size, choice.threshold)


def offered(plugins: Plugins, choice: Choice) -> list[Task]:
    """All tasks that plugins bring, those that can make use of it with the field of view."""
    tasks = list(plugins.tasks().values())
    return tasks if choice.fov is None else [with_fov(task, choice.fov) for task in tasks]


def check_precision(loaded: LoadedTask, choice: Choice) -> None:
    """Raise ModelFolderError where a model is of another precision than the one demanded."""
    spec = loaded.spec
    if spec and choice.precision and spec.precision != choice.precision:
        raise ModelFolderError(
            f"model '{spec.name}' is {spec.precision}, not {choice.precision}; "
            "precision lives in the graph: name a --model exported with it"
        )


def with_fov(task: Task, degrees: float) -> Task:
    """A task that knows the camera's field of view, where it has a field `fov` for that."""
    if not 1 <= degrees <= 170:
        raise EdgeregError(f"a field of view is 1 to 170 degrees, not {degrees:g}")
    if is_dataclass(task) and any(each.name == "fov" for each in fields(task)):
        known: Task = replace(task, fov=degrees)
        return known
    return task


def open_origin(plugins: Plugins, origin: Origin, choice: Choice, *, loop: bool = False) -> Source:
    """The source of a run. Raises SourceError."""
    source: Source
    if isinstance(origin, np.ndarray):
        source = Arrays([origin] if origin.ndim == 3 else origin, "array")
    elif isinstance(origin, str | int | Path):
        source = open_source(
            str(origin),
            choice.source,
            realtime=bool(choice.realtime),
            loop=loop,
            # What plugins add is asked first: the last of the built-in ones takes any text.
            formats=[each for each in plugins.sources().values() if each not in FORMATS],
        )
    elif isinstance(origin, Source):
        source = origin
    else:
        source = Arrays(origin)
    return source if choice.limit is None else Part(source, limit=choice.limit)


def check_places(
    plugins: Plugins, origin: Origin, outputs: Sequence[Path], *, append: bool = False
) -> None:
    """Raise SinkError for what is wrong with the outputs before anything is loaded or opened."""
    if isinstance(origin, str | Path):
        check_inputs(outputs, [Path(origin)])
    check_outputs(outputs, plugins.sinks(), append=append)


def run_info(source: Source, tasks: Sequence[LoadedTask]) -> RunInfo:
    """What the sinks of a run may know before its first frame."""
    return RunInfo(source.info, {each.name: each.kinds for each in tasks})


def wants_pictures(plugins: Plugins, outputs: Sequence[Path]) -> bool:
    """Whether an output shows pictures with marks."""
    return any(format_of(output, plugins.sinks()).pictures for output in outputs)


def make_pipeline(
    source: Source,
    tasks: Sequence[LoadedTask],
    sinks: Sequence[Sink] = (),
    *,
    settings: Settings | None = None,
    pictures: bool = False,
    realtime: bool | None = None,
    hold_at_end: bool = False,
    queue_size: int = 4,
    whose: Mapping[str, str] | None = None,
    recognise: Recogniser | None = None,
    memo: Memo | None = None,
) -> StagedPipeline:
    """A run of stages side by side, not yet started; it owns the source and the sinks.

    realtime: the latest frame wins; None: where the source is live. hold_at_end, recognise, memo:
    for a window, see `StagedPipeline`. whose: the plugin of each task that is not edgereg's own.
    """
    latest = source.info.live if realtime is None else realtime
    mode: Mode = "latest" if latest else "every"
    return StagedPipeline(
        source,
        tasks,
        sinks,
        painter=paint if pictures else None,
        mode=mode,
        settings=settings,
        guard=Guard(whose=whose),
        queue_size=queue_size,
        hold_at_end=hold_at_end,
        recognise=recognise,
        memo=memo,
    )


def in_order(
    source: Source,
    tasks: Sequence[LoadedTask],
    sinks: Sequence[Sink],
    settings: Settings,
    *,
    pictures: bool = False,
    guard: Guard | None = None,
    recognise: Recogniser | None = None,
    memo: Memo | None = None,
) -> Report:
    """Run in this thread, one frame after the other: what a worker and a trial do."""
    return run_sequential(
        source,
        tasks,
        sinks,
        painter=paint if pictures else None,
        settings=settings,
        guard=guard,
        recognise=recognise,
        memo=memo,
    )


def assemble(
    plugins: Plugins,
    origin: Origin,
    outputs: Sequence[Path],
    choice: Choice,
    *,
    tasks: Sequence[LoadedTask] | None = None,
    settings: Settings | None = None,
    sinks: Sequence[Sink] = (),
    append: bool = False,
    resume: bool = False,
    queue_size: int = 4,
    loop: bool = False,
    veil: Veil | None = None,
    memo: Memo | None = None,
    recognise: Recogniser | None = None,
) -> Run:
    """Load, open, and put together a whole run; nothing stays open where a part of it fails.

    tasks: loaded already, and settings: in place of the choice's, where not None.
    sinks: further ones, beside the outputs. append: to the tables that are there. resume: after
    the last clip that is done in them. loop: a recording starts again at its end, in its own time.
    veil: covers what outputs of pictures are given. memo: what models found before in this source.
    recognise: see `StagedPipeline`.
    """
    check_places(plugins, origin, outputs, append=append or resume)
    pictures = veil is None and wants_pictures(plugins, outputs)
    loaded = load(plugins, choice) if tasks is None else tasks
    source = open_origin(plugins, origin, choice, loop=loop)
    try:
        info = run_info(source, loaded)
        stopped = stopped_at(plugins, source, outputs) if resume else None
        opened = open_outputs(outputs, info, plugins.sinks(), append=append, resume=stopped)
        table = clips_table(source, opened, stopped)
    except Exception:
        source.close()
        raise
    staged = make_pipeline(
        source,
        loaded,
        [*_veiled(plugins, opened, veil), *([table] if table else ()), *sinks],
        settings=settings or choice.settings(plugins),
        pictures=pictures,
        realtime=choice.realtime,
        queue_size=queue_size,
        whose=plugins.foreign("edgereg_tasks"),
        memo=memo,
        recognise=recognise,
    )
    return Run(source, staged, tuple(opened), table, veil)


def _veiled(plugins: Plugins, outputs: Sequence[Output], veil: Veil | None) -> list[Sink]:
    """The outputs, those of pictures behind the veil."""
    if veil is None:
        return list(outputs)
    return [
        Veiled(output, veil) if format_of(output.path, plugins.sinks()).pictures else output
        for output in outputs
    ]


def check_blur(choice: Choice, pictures: Sequence[Path]) -> None:
    """Raise EdgeregError where heads can't be covered; pictures: the outputs that show them."""
    if not pictures:
        raise EdgeregError("blur covers heads in pictures: name an output for them, as out.mp4")
    if not choice.track:
        raise EdgeregError("blur needs tracks, so that heads stay covered: leave --no-track out")
    for path in pictures:  # else it would be known after the first pass only
        if "%" not in path.name and not path.absolute().parent.is_dir():
            raise SinkError(f"{path}: its folder does not exist; make it first")


def passes(
    plugins: Plugins,
    origin: Origin,
    outputs: Sequence[Path],
    choice: Choice,
    *,
    tasks: Sequence[LoadedTask] | None = None,
    settings: Settings | None = None,
    memo: Memo | None = None,
    sinks: Sequence[Sink] = (),
    append: bool = False,
    resume: bool = False,
) -> Iterator[Run]:
    """The runs that write these outputs, each to be run, and finished, before the next one.

    One, but for heads that are covered in files: the first pass finds them and writes what holds
    no pictures, the second writes the pictures. Where a source can be read only once (cameras,
    streams, pipes, `realtime`) there is one pass. Whoever stops after a pass that failed, or was
    interrupted, leaves nothing open. Arguments as of `assemble`; `sinks`, `tasks`, `settings` and
    `memo` are the first pass's.
    """
    blur = choice.blur
    first = partial(
        assemble, plugins, choice=choice, tasks=tasks, settings=settings, memo=memo, sinks=sinks
    )
    if blur is None:
        yield first(origin, outputs, append=append, resume=resume)
        return
    check_places(plugins, origin, outputs, append=append or resume)
    pictures = [path for path in outputs if format_of(path, plugins.sinks()).pictures]
    others = [path for path in outputs if path not in pictures]
    check_blur(choice, pictures)
    if not (others or choice.tasks or choice.models):
        first = partial(first, choice=replace(choice, tasks=(HEADS,)))
    source = open_origin(plugins, origin, replace(choice, limit=None))
    twice = isinstance(origin, str | int | Path) and bool(source.info.files)
    if choice.realtime or source.info.live or not twice:
        veil = Veil(blur, Held(HEADS).cover)
        yield first(source, outputs, veil=veil)
        return
    gathered = Gathered(HEADS)
    yield first(source, others, sinks=[gathered, *sinks])
    covers = gathered.covers()
    veil = Veil(blur, lambda result: covers.get(result.index))
    every = replace(choice, filters=(), prompts=())
    yield assemble(plugins, origin, pictures, every, tasks=(), veil=veil)


def stopped_at(plugins: Plugins, source: Source, outputs: Sequence[Path]) -> Resume:
    """Where the last run of these outputs was stopped; the source then goes on from there."""
    if not isinstance(source, Clips):
        raise SinkError(
            f"{source.info.name}: --resume goes on after the last clip of a folder or glob that "
            "was done, and this is none (or cut short by --limit); run it without"
        )
    stopped = stopped_run(outputs, plugins.sinks())
    source.go_on({row.clip for row in stopped.done}, stopped.frame, stopped.time_s)
    return stopped


def clips_table(
    source: Source, outputs: Sequence[Output], stopped: Resume | None
) -> ClipsTable | None:
    """For many clips: which frames of the first output are of which."""
    inner = source.source if isinstance(source, Part) else source
    if not isinstance(inner, Clips) or not outputs:
        return None
    done = () if stopped is None else stopped.done
    return ClipsTable(outputs[0].written, inner.info.files, 1 / inner.info.fps, done)


@dataclass(frozen=True)
class Run:
    """A source on its way through a pipeline into outputs."""

    source: Source
    pipeline: StagedPipeline
    outputs: tuple[Output, ...]
    clips: ClipsTable | None = None
    veil: Veil | None = None

    def to_its_end(self) -> Report:
        """Run, and put the outputs in their places. Raises the error that ended the run."""
        interrupted = True
        try:
            report = self.pipeline.run()
            interrupted = False
        finally:
            if interrupted:
                self.pipeline.stop()
            for line in self.finish(interrupted=interrupted):
                log.warning(line)
        if report.error is not None:
            raise report.error
        if self.veil is not None:
            log.info(self.veil.summary())
        return report

    def finish(self, *, interrupted: bool = False) -> list[str]:
        """After the end: put the outputs in their places.

        interrupted: by the user; that is how a live source ends, while a file then is not whole.
        Returns a line for each output that is not where it was wanted, or not whole.
        """
        ended = self.pipeline.report().error is None
        whole = ended and (not interrupted or self.source.info.live)
        if whole and self.clips is not None:
            self.clips.complete()
        return settle(self.outputs, whole=whole)
