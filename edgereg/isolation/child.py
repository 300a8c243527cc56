"""The process of an isolated plugin: `python -m edgereg.isolation.child`, started by `process`.

It reads questions from its standard input and writes answers to its standard output: a tuple with
the answer, or a text that says what went wrong. What the plugin prints goes to standard error.
"""

from __future__ import annotations

import faulthandler
import os
import pickle
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import entry_points
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

import numpy as np

from edgereg.assembly import with_fov
from edgereg.core.errors import PluginError, one_line
from edgereg.core.frames import Frame
from edgereg.core.kinds import Boxes, Kinds
from edgereg.core.marks import Mark
from edgereg.core.predictions import Predictions
from edgereg.core.regions import Prompt, Regions
from edgereg.core.settings import Settings
from edgereg.pipeline.guard import Guard
from edgereg.pipeline.loading import LoadedTask, Loading, load_task
from edgereg.pipeline.returned import checked_marks
from edgereg.pipeline.steps import Step, Work, plan
from edgereg.plugins import GROUP, Plugins, load_plugins


@dataclass
class Opened:
    """A task in one run: the steps of every frame, and what may change between two."""

    settings: Settings
    steps: list[Step]
    generation: int = 0


@dataclass
class Server:
    """Answers the questions about one plugin."""

    plugin: str
    loaded: dict[str, LoadedTask] = field(default_factory=dict)
    opened: dict[int, Opened] = field(default_factory=dict)
    _plugins: Plugins | None = None
    _memory: tuple[str, SharedMemory] | None = None

    @property
    def plugins(self) -> Plugins:
        """The plugin, and no other."""
        if self._plugins is None:
            self._plugins = load_plugins((), [*entry_points(group=GROUP, name=self.plugin)])
        return self._plugins

    def answers(self) -> Mapping[str, Callable[..., Any]]:
        """What can be asked."""
        return {
            "tasks": self.tasks,
            "load": self.load,
            "open": self.open,
            "step": self.step,
            "reset": self.reset,
            "marks": self.marks,
        }

    def tasks(self) -> list[tuple[str, str, str | None]]:
        """Name, title and upstream of every task."""
        tasks = self.plugins.tasks()
        if not tasks:
            raise PluginError("; ".join(map(str, self.plugins.faults)) or "it adds no task")
        return [(name, task.title, task.upstream) for name, task in tasks.items()]

    def load(
        self,
        name: str,
        folder: Path | None,
        engine: str,
        threads: int,
        size: str,
        fov: float | None,
    ) -> Kinds:
        """Load the model of a task; returns its kinds."""
        loaders = {name: provider.load for name, provider in self.plugins.engines().items()}
        models = {} if folder is None else {name: folder}
        loading = Loading(models, engine, threads, loaders, size)
        task = self.plugins.tasks()[name]
        known = task if fov is None else with_fov(task, fov)
        self.loaded[name] = load_task(known, loading)
        return self.loaded[name].kinds

    def open(self, run: int, name: str, settings: Settings) -> None:
        """Begin a run, one of several that a task may be in."""
        # Failures are counted, and the task switched off, where it is asked.
        guard = Guard(limit=sys.maxsize, budget_s=float("inf"))
        steps = plan([self.loaded[name]], settings, guard, None)
        self.opened[run] = Opened(settings, [step for step in steps if step.name != "draw"])

    def step(
        self,
        frame: Frame,
        number: int,
        name: str,
        choice: tuple[bool, int | None],
        regions: Regions,
        prompts: tuple[Prompt, ...],
    ) -> Predictions:
        """The predictions of one frame, without what may lie on a device."""
        run, task = self.opened[number], self.loaded[name].task
        run.settings.refine, run.settings.steps = choice
        run.settings.prompts += tuple(replace(each, frame=frame.index) for each in prompts)
        work = Work(frame, run.generation)
        if task.upstream:
            work.predictions[task.upstream] = Predictions(
                task.upstream,
                "",
                (Boxes(),),
                regions.boxes,
                regions.scores,
                tracks=regions.tracks,
            )
        for step in run.steps:
            step.run(work)
        if name not in work.predictions:
            why = [f"in '{fault.step}': {fault.reason}" for fault in work.faults]
            raise PluginError("; ".join(why) or "it found nothing to stand on")
        return replace(work.predictions[name], features={})

    def reset(self, run: int, why: str) -> None:
        """Other clips and cuts are seen in the frames; a jump is not."""
        self.opened[run].generation += why == "seek"

    def marks(self, name: str, predictions: Predictions, size: tuple[int, int]) -> list[Mark]:
        """What to draw."""
        return checked_marks(self.loaded[name].task.marks(predictions, size))

    def frame(self, shared: tuple[str, tuple[int, ...], tuple[Any, ...]]) -> Frame:
        """A frame from shared memory, as a copy: a task may keep it, the memory is used again."""
        place, shape, (index, time_s, name, clip, still) = shared
        if self._memory is None or self._memory[0] != place:
            memory = SharedMemory(place)
            # Before Python 3.13 whoever opens it is taken for its owner, and removes it at its end.
            if os.name != "nt":
                resource_tracker.unregister(f"/{place.lstrip('/')}", "shared_memory")
            self._memory = place, memory
        image = np.ndarray(shape, np.uint8, self._memory[1].buf).copy()
        return Frame(index, time_s, image, name, clip, still)


def main() -> None:
    """Answer until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started this
    faulthandler.enable()
    questions = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    plugin, sys.path[:] = pickle.load(questions)  # noqa: S301
    server = Server(plugin)
    known = server.answers()
    while True:
        try:
            question, shared, details = pickle.load(questions)  # noqa: S301
        except EOFError:
            os._exit(0)  # whatever threads the plugin has left
        try:
            frame = () if shared is None else (server.frame(shared),)
            answer: tuple[Any] | str = (known[question](*frame, *details),)
            message = pickle.dumps(answer)
        except BaseException as error:  # a plugin may raise anything
            message = pickle.dumps(one_line(error))
        answers.write(message)
        answers.flush()


if __name__ == "__main__":
    main()
