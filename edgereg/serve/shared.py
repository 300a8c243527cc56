"""Models loaded once for all sources that want the same, and used in turns."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy.typing as npt

from edgereg.assembly import Choice, load
from edgereg.engines.base import Arrays, Engine
from edgereg.pipeline.loading import LoadedRegionTask, LoadedTask
from edgereg.plugins import Plugins


class InTurns:
    """An engine that several pipelines may call at once; one waits for the other.

    What it gives lies on the host: what an engine leaves on its device holds only until its next
    call, which may be another source's.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()

    @property
    def provider(self) -> str:
        """The provider that runs the graph."""
        return self._engine.provider

    @property
    def inputs(self) -> tuple[str, ...]:
        """Input names, in the graph's order."""
        return self._engine.inputs

    @property
    def outputs(self) -> tuple[str, ...]:
        """Output names, in the graph's order."""
        return self._engine.outputs

    def run(self, inputs: Arrays) -> dict[str, npt.NDArray[Any]]:
        """Run once, when it is this caller's turn. Raises EngineError."""
        with self._lock:
            return self._engine.run(inputs)


class SharedTasks:
    """Loads each selection of tasks once."""

    def __init__(self, plugins: Plugins) -> None:
        self.plugins = plugins
        self._lock = threading.Lock()
        self._loaded: dict[Choice, list[LoadedTask]] = {}

    def get(self, choice: Choice) -> Sequence[LoadedTask]:
        """The tasks of a choice with their models. Raises EdgeregError."""
        key = Choice(
            tasks=choice.tasks,
            models=choice.models,
            engine=choice.engine,
            threads=choice.threads,
            size=choice.size,
            fov=choice.fov,
        )
        with self._lock:
            if key not in self._loaded:
                self._loaded[key] = [in_turns(task) for task in load(self.plugins, key)]
            return self._loaded[key]


def in_turns(task: LoadedTask) -> LoadedTask:
    """A loaded task that several pipelines may run at once."""
    if isinstance(task, LoadedRegionTask):
        return replace(
            task,
            predict=InTurns(task.predict),
            refine=task.refine and InTurns(task.refine),
            density=task.density and InTurns(task.density),
        )
    if task.model is None:
        return task
    engines = {name: InTurns(engine) for name, engine in task.model.engines.items()}
    return replace(task, model=replace(task.model, engines=engines))
