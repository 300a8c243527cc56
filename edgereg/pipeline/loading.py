"""Tasks made ready to run: put in dependency order, their models loaded on an engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, TypeAlias, get_args, runtime_checkable

import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import Value
from edgereg.core.errors import EngineError, ModelFolderError, PluginError, one_line
from edgereg.core.kinds import Kind, Kinds, Scalars
from edgereg.core.model_spec import ModelSpec
from edgereg.core.tasks import RegionTask, StepTask, Task, is_step_task
from edgereg.engines.base import DeviceEngine, Engine, EngineLoader, shared_device
from edgereg.engines.machine import usable_cores
from edgereg.engines.select import load_engine
from edgereg.models.folder import ModelFolder, load_model

# The ascent is a chain of tiny products: a second thread costs it more than it brings. The other
# graphs gain by one (benchmarks/threads.py).
SINGLE_THREADED = frozenset({"refine"})

KINDS = get_args(Kind)


@dataclass(frozen=True)
class LoadedModel:
    """A model folder and the engines of its graphs, by graph name."""

    folder: ModelFolder
    engines: Mapping[str, Engine]

    @property
    def spec(self) -> ModelSpec:
        """The model's description."""
        return self.folder.spec

    def run(self, graph: str, inputs: Mapping[str, Any]) -> dict[str, npt.NDArray[Any]]:
        """Run one graph. Raises EngineError, also where the model has no graph of this name."""
        if graph not in self.engines:
            known = ", ".join(self.engines)
            raise EngineError(f"model '{self.spec.name}' has no graph '{graph}'; it has {known}")
        return self.engines[graph].run(inputs)


@dataclass(frozen=True)
class LoadedRegionTask:
    """A region task, its model folder and the engines of its graphs, None where it has no such."""

    task: RegionTask
    model: ModelFolder
    predict: Engine
    refine: Engine | None = None
    density: Engine | None = None
    spread: Engine | None = None

    @property
    def name(self) -> str:
        """The task's name."""
        return self.task.name

    @property
    def spec(self) -> ModelSpec:
        """The model's description."""
        return self.model.spec

    @cached_property
    def kinds(self) -> Kinds:
        """What the task gives with this model."""
        return self.task.kinds(self.spec)

    @property
    def engines(self) -> tuple[Engine, ...]:
        """Those of all graphs."""
        every = (self.predict, self.refine, self.density, self.spread)
        return tuple(engine for engine in every if engine is not None)

    def run_predict(self, images: npt.NDArray[np.uint8]) -> dict[str, Value]:
        """Run `predict` on images [B, h, w, 3]. The features stay on the device where all graphs
        of the model share one; everything else comes to the host. Raises EngineError.
        """
        inputs: dict[str, Any] = {self.predict.inputs[0]: images}
        if self._on_one_device and isinstance(self.predict, DeviceEngine):
            return self.predict.run_keeping(inputs, self.spec.features)
        return {**self.predict.run(inputs)}

    @cached_property
    def _on_one_device(self) -> bool:
        return shared_device(self.engines) is not None


@dataclass(frozen=True)
class LoadedStepTask:
    """A step task, with its model where it has one."""

    task: StepTask
    model: LoadedModel | None = None

    @property
    def name(self) -> str:
        """The task's name."""
        return self.task.name

    @property
    def spec(self) -> ModelSpec | None:
        """The model's description, or None where the task needs no model."""
        return None if self.model is None else self.model.spec

    @cached_property
    def kinds(self) -> Kinds:
        """What the task gives with this model."""
        return self.task.kinds(self.spec)

    @property
    def density(self) -> Engine | None:
        """The engine of the graph `density` of a task of numbers, None for others: a tracker runs
        this graph itself, and not every engine can be run twice at once."""
        numbers = all(isinstance(kind, Scalars) for kind in self.kinds)
        return self.model.engines.get("density") if self.model is not None and numbers else None

    @property
    def engines(self) -> tuple[Engine, ...]:
        """Those of all graphs."""
        return () if self.model is None else tuple(self.model.engines.values())


LoadedTask: TypeAlias = LoadedRegionTask | LoadedStepTask


@dataclass(frozen=True)
class Loading:
    """How models are loaded.

    models: folders by task name, where not the task's own. engine: a provider's name, or 'auto'.
    threads: CPU threads in one run of any graph; None shares the cores that this process may use
    out among the tasks and the other stages. loaders: engines of plugins by provider name.
    size: of the picture that a model takes, by the name that its model.json gives it ('fast',
    'far'); 'default' is right for every model, and what a model without that size keeps to.
    threshold: least score of what a detector finds, in the place of its model's own, or None.
    """

    models: Mapping[str, Path] = field(default_factory=dict)
    engine: str = "auto"
    threads: int | None = None
    loaders: Mapping[str, EngineLoader] = field(default_factory=dict)
    size: str = "default"
    threshold: float | None = None


def in_order(tasks: Iterable[Task], wanted: Sequence[str]) -> list[Task]:
    """The wanted tasks and everything they stand on, each after its upstream.

    Raises PluginError for an unknown task, a missing upstream or a circle of upstreams.
    """
    known = {task.name: task for task in tasks}
    ordered: dict[str, Task] = {}

    def add(name: str, path: tuple[str, ...]) -> None:
        if name in ordered:
            return
        if name in path:
            raise PluginError(f"tasks wait for each other: {' -> '.join((*path, name))}")
        if name not in known:
            needed = f", which '{path[-1]}' stands on" if path else ""
            raise PluginError(
                f"no task '{name}'{needed}; there are: {', '.join(sorted(known)) or 'none'} "
                "(a plugin can bring more: docs/plugins.md)"
            )
        upstream = known[name].upstream
        if upstream is not None:
            add(upstream, (*path, name))
        ordered[name] = known[name]

    for name in wanted:
        add(name, ())
    return list(ordered.values())


def threads_of(graph: str, chosen: int | None, share: int) -> int:
    """CPU threads in one run of a graph: those chosen, or `share`, but one for the ascent."""
    return chosen or (1 if graph in SINGLE_THREADED else share)


def load_task(task: Task, loading: Loading | None = None, *, share: int = 1) -> LoadedTask:
    """Load a task's model and make an engine for each graph.

    share: the cores that this task may use, where `loading` does not say how many threads.
    Raises ModelFolderError where the folder is damaged or made for another task, EngineError where
    a graph can't be loaded, PluginError where the task can't tell its kinds.
    """
    loading = loading or Loading()
    if isinstance(task, RemoteTask):
        return _with_kinds(LoadedStepTask(task.load_remotely(loading, share)))
    place = loading.models.get(task.name, task.model)
    if place is None:
        if is_step_task(task):
            return _with_kinds(LoadedStepTask(task))
        raise ModelFolderError(f"task '{task.name}' names no model folder; give one with --model")
    folder = load_model(place)
    if folder.spec.task != task.name:
        raise ModelFolderError(
            f"{folder.path}: model '{folder.spec.name}' is for task '{folder.spec.task}', "
            f"not for '{task.name}'"
        )
    folder = with_threshold(of_size(folder, loading.size), loading.threshold)
    engines = {
        name: load_engine(
            folder.graph_path(name),
            loading.engine,
            threads=threads_of(name, loading.threads, share),
            loaders=loading.loaders,
        )
        for name in folder.spec.graphs
    }
    if is_step_task(task):
        return _with_kinds(LoadedStepTask(task, LoadedModel(folder, engines)))
    predict, *others = map(engines.get, ("predict", "refine", "density", "spread"))
    if predict is None:
        raise ModelFolderError(f"{folder.path}: has no 'predict' graph, which '{task.name}' needs")
    return _with_kinds(LoadedRegionTask(task, folder, predict, *others))


@runtime_checkable
class RemoteTask(Protocol):
    """A step task of another process, which loads its model itself."""

    def load_remotely(self, loading: Loading, share: int) -> StepTask:
        """The task with its model loaded there. Raises PluginError."""
        ...


def _with_kinds(loaded: LoadedTask) -> LoadedTask:
    """The same, once its kinds are known to be some. Raises PluginError."""
    try:
        kinds = loaded.kinds
        fine = isinstance(kinds, tuple) and kinds and all(isinstance(k, KINDS) for k in kinds)
    except Exception as error:  # a plugin may raise anything
        raise _no_kinds(loaded, f"kinds failed ({one_line(error)})") from error
    if not fine:
        raise _no_kinds(loaded, f"kinds returned {kinds!r}, no tuple of Boxes, Points, Angles ...")
    return loaded


def _no_kinds(loaded: LoadedTask, why: str) -> PluginError:
    return PluginError(
        f"task '{loaded.name}' can't be run: {why}; edgereg plugin check shows where"
    )


def of_size(folder: ModelFolder, size: str) -> ModelFolder:
    """The model with the named input size as the one it is used with."""
    spec = folder.spec
    if size not in spec.input.sizes:
        return folder
    chosen = spec.input.model_copy(update={"long_side": spec.input.sizes[size]})
    return replace(folder, spec=spec.model_copy(update={"input": chosen}))


def has_threshold(spec: ModelSpec | None) -> bool:
    """Whether a model's finds have to have a score."""
    return spec is not None and bool(spec.settings.get("score_threshold"))


def with_threshold(folder: ModelFolder, threshold: float | None) -> ModelFolder:
    """The model with another `score_threshold`, where its settings have one; that of large boxes
    changes in the same ratio. Raises ModelFolderError where it is outside of 0 to 1."""
    if threshold is not None and not 0 <= threshold <= 1:
        raise ModelFolderError(f"a threshold is a score from 0 to 1, not {threshold:g}")
    spec = folder.spec
    if threshold is None or not has_threshold(spec):
        return folder
    own = spec.settings["score_threshold"]
    changed = {"score_threshold": threshold}
    if "large_score_threshold" in spec.settings:
        changed["large_score_threshold"] = spec.settings["large_score_threshold"] * threshold / own
    settings = {**spec.settings, **changed}
    return replace(folder, spec=spec.model_copy(update={"settings": settings}))


def load_tasks(
    tasks: Iterable[Task], wanted: Sequence[str], loading: Loading | None = None
) -> list[LoadedTask]:
    """Load the wanted tasks and their upstreams in running order.

    Raises ModelFolderError where an input size or a threshold is chosen that no model among them
    has.
    """
    ordered = in_order(tasks, wanted)
    share = max(1, usable_cores() // (len(ordered) + 1))
    loaded = [load_task(task, loading, share=share) for task in ordered]
    size = "default" if loading is None else loading.size
    known = {name for each in loaded if each.spec for name in each.spec.input.sizes}
    if size != "default" and size not in known:
        raise ModelFolderError(
            f"no model here has an input size '{size}'; there are: "
            f"{', '.join(sorted({'default', *known}))}"
        )
    scored = any(has_threshold(each.spec) for each in loaded)
    if loading is not None and loading.threshold is not None and not scored:
        raise ModelFolderError("no model here has a threshold of scores; leave it out")
    return loaded
