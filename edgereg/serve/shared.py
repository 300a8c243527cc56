"""Models loaded once for all sources that want the same, and used in turns."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy.typing as npt

from edgereg.assembly import Choice, load, what_is_loaded
from edgereg.core.errors import EngineError
from edgereg.engines.base import Arrays, Engine
from edgereg.engines.providers import CPU
from edgereg.engines.watchdog import FIRST_LIMIT_S
from edgereg.pipeline.loading import LoadedRegionTask, LoadedTask
from edgereg.plugins import Plugins
from edgereg.serve.pulse import Pulse

LOOK_S = 0.5


class InTurns:
    """An engine that several pipelines may call at once; they take turns, first come, first served.

    What it gives lies on the host: what an engine leaves on its device holds only until its next
    call, which may be another source's. A run of more than `hung_s` seconds hangs; whoever waits
    behind it then is refused instead of waiting with it.
    """

    def __init__(self, engine: Engine, name: str, hung_s: float) -> None:
        self._engine = engine
        self._hung_s = hung_s
        self._has_run = engine.provider == CPU
        self._lock = threading.Lock()
        # An event for every caller, set when its turn has come, so that nobody else is woken.
        self._waiting: deque[threading.Event] = deque()
        self.pulse = Pulse(f"engine {name}")

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
        # On an accelerator the first run may compile the graph.
        limit_s = self._hung_s if self._has_run else max(self._hung_s, FIRST_LIMIT_S)
        with self._turn(), self.pulse.doing("has been in one run", limit_s):
            found = self._engine.run(inputs)
        self._has_run = True
        return found

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for those who came before. Raises EngineError where one of them hangs."""
        mine = threading.Event()
        with self._lock:
            self._waiting.append(mine)
            self._waiting[0].set()
        while not mine.wait(LOOK_S):
            with self._lock:
                if not mine.is_set() and self.pulse.late():
                    self._waiting.remove(mine)
                    raise EngineError(f"{self.pulse.name} hangs; the process must be started again")
        try:
            yield
        finally:
            with self._lock:
                self._waiting.popleft()
                if self._waiting:
                    self._waiting[0].set()


class SharedTasks:
    """Loads each selection of tasks once. hung_s: as of `InTurns`."""

    def __init__(self, plugins: Plugins, hung_s: float) -> None:
        self.plugins = plugins
        self.hung_s = hung_s
        self._lock = threading.Lock()
        self._loading: dict[Choice, threading.Lock] = {}
        self._loaded: dict[Choice, list[LoadedTask]] = {}

    def get(self, choice: Choice) -> Sequence[LoadedTask]:
        """The tasks of a choice with their models. Raises EdgeregError."""
        key = what_is_loaded(choice)
        with self._lock:
            # A lock a choice: a model that takes minutes to load keeps nobody else waiting.
            loading = self._loading.setdefault(key, threading.Lock())
        with loading:
            if key not in self._loaded:
                self._loaded[key] = [
                    in_turns(task, self.hung_s) for task in load(self.plugins, key)
                ]
            return self._loaded[key]

    def keep(self, choices: Iterable[Choice]) -> None:
        """Forget what none of these wants any more; runs under way keep what they have.

        What hangs is kept, so that it goes on being told.
        """
        wanted = set(map(what_is_loaded, choices))
        with self._lock:
            for key in [each for each in self._loaded if each not in wanted]:
                if not any(pulse.late() for pulse in pulses_of(self._loaded[key])):
                    del self._loaded[key]
                    self._loading.pop(key, None)

    def pulses(self) -> list[Pulse]:
        """Of all engines that are loaded."""
        loaded = list(self._loaded.values())
        return [pulse for tasks in loaded for pulse in pulses_of(tasks)]


def in_turns(task: LoadedTask, hung_s: float) -> LoadedTask:
    """A loaded task that several pipelines may run at once."""

    def shared(engine: Engine, graph: str) -> InTurns:
        return InTurns(engine, f"{task.name}.{graph}", hung_s)

    if isinstance(task, LoadedRegionTask):
        return replace(
            task,
            predict=shared(task.predict, "predict"),
            refine=task.refine and shared(task.refine, "refine"),
            density=task.density and shared(task.density, "density"),
            spread=task.spread and shared(task.spread, "spread"),
        )
    if task.model is None:
        return task
    engines = {name: shared(engine, name) for name, engine in task.model.engines.items()}
    return replace(task, model=replace(task.model, engines=engines))


def pulses_of(tasks: Sequence[LoadedTask]) -> list[Pulse]:
    """Of the engines that these tasks use."""
    every = (engine for task in tasks for engine in task.engines)
    return [engine.pulse for engine in every if isinstance(engine, InTurns)]
