"""Tasks made ready to run: put in dependency order, their models loaded on an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from edgereg.core.errors import ModelFolderError, PluginError
from edgereg.core.tasks import Task
from edgereg.engines.base import DeviceEngine, Engine, Value, shared_device
from edgereg.engines.machine import usable_cores
from edgereg.engines.select import load_engine
from edgereg.models.folder import ModelFolder, load_model
from edgereg.models.schema import ModelSpec

EngineLoader: TypeAlias = Callable[[Path], Engine]

# The ascent is a chain of tiny products: a second thread costs it more than it brings. The other
# graphs gain by one (benchmarks/threads.py).
SINGLE_THREADED = frozenset({"refine"})


@dataclass(frozen=True)
class LoadedTask:
    """A task, its model folder and the engines of its graphs (None: the model has none such)."""

    task: Task
    model: ModelFolder
    predict: Engine
    refine: Engine | None = None
    density: Engine | None = None

    @property
    def name(self) -> str:
        """The task's name."""
        return self.task.name

    @property
    def spec(self) -> ModelSpec:
        """The model's description."""
        return self.model.spec

    def look(self, images: npt.NDArray[np.uint8]) -> dict[str, Value]:
        """Run `predict` on images [B, h, w, 3]. The features stay on the device where all graphs
        of the model share one; everything else comes to the host. Raises EngineError.
        """
        engine = self.predict
        inputs: dict[str, Any] = {engine.inputs[0]: images}
        if self._on_one_device and isinstance(engine, DeviceEngine):
            return engine.run_keeping(inputs, self.spec.features)
        return {**engine.run(inputs)}

    @cached_property
    def _on_one_device(self) -> bool:
        engines = (self.predict, self.refine, self.density)
        return shared_device(engine for engine in engines if engine is not None) is not None


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


def load_task(
    task: Task,
    model: Path | str | None = None,
    *,
    provider: str = "auto",
    threads: int | None = None,
    share: int = 1,
    loaders: Mapping[str, EngineLoader] | None = None,
) -> LoadedTask:
    """Load a task's model (its default one if None) and make an engine for each graph.

    threads: CPU threads in one run of any graph; None: `share`, but one for a graph that gains
    nothing by more. share: the cores that this task may use. loaders: engines of plugins by
    provider name. Raises ModelFolderError where the folder is damaged or made for another task,
    EngineError where a graph can't be loaded.
    """
    folder = load_model(task.model if model is None else model)
    if folder.spec.task != task.name:
        raise ModelFolderError(
            f"{folder.path}: model '{folder.spec.name}' is for task '{folder.spec.task}', "
            f"not for '{task.name}'"
        )
    engines = {}
    for name in folder.spec.graphs:
        count = threads_of(name, threads, share)
        path = folder.graph_path(name)
        engines[name] = load_engine(path, provider, threads=count, loaders=loaders)
    return LoadedTask(
        task, folder, engines["predict"], engines.get("refine"), engines.get("density")
    )


def load_tasks(
    tasks: Iterable[Task],
    wanted: Sequence[str],
    models: Mapping[str, Path] | None = None,
    *,
    provider: str = "auto",
    threads: int | None = None,
    loaders: Mapping[str, EngineLoader] | None = None,
) -> list[LoadedTask]:
    """Load the wanted tasks and their upstreams in running order.

    models: model folders by task name, where not the default. threads: CPU threads in one run of
    any graph; None shares the cores that this process may use out among the tasks and the other
    stages.
    """
    chosen = models or {}
    ordered = in_order(tasks, wanted)
    share = max(1, usable_cores() // (len(ordered) + 1))
    return [
        load_task(
            task,
            chosen.get(task.name),
            provider=provider,
            threads=threads,
            share=share,
            loaders=loaders,
        )
        for task in ordered
    ]
