"""Tasks of a plugin in a process of its own, as step tasks of this one."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgereg.core.errors import PluginError
from edgereg.core.frames import Frame
from edgereg.core.kinds import Kinds
from edgereg.core.marks import Mark
from edgereg.core.model_spec import ModelSpec
from edgereg.core.predictions import Predictions
from edgereg.core.regions import Prompt, Regions
from edgereg.core.settings import Settings
from edgereg.core.tasks import StepModel
from edgereg.hookspecs import hookimpl
from edgereg.isolation.process import IsolatedError, Process
from edgereg.pipeline.loading import Loading
from edgereg.plugins import Plugins

# How long an import and hooks may take, models with an engine that compiles, and one frame.
IMPORT_S, LOAD_S, ANSWER_S = 60.0, 1800.0, 10.0
_runs = itertools.count()


@dataclass(frozen=True)
class Remote:
    """What a task in another process says of itself, and how its model is loaded there.

    fov: of the camera in degrees, for the task there, where it makes use of it.
    """

    process: Process
    name: str
    title: str
    upstream: str | None
    model: Path | None = None
    loading: tuple[Path | None, str, int, str, float | None] | None = None
    given: Kinds = ()
    fov: float | None = None

    def load_remotely(self, loading: Loading, share: int) -> Remote:
        """Let the process load the model. Raises PluginError."""
        folder = loading.models.get(self.name)
        wanted = (folder, loading.engine, loading.threads or share, loading.size, self.fov)
        try:
            given = self.process.ask("load", self.name, *wanted, within_s=LOAD_S)
        except IsolatedError as error:
            raise PluginError(f"task '{self.name}' can't be run: {error}") from error
        return replace(self, loading=wanted, given=given)

    def kinds(self, spec: ModelSpec | None) -> Kinds:
        """What the process told when the model was loaded."""
        return self.given

    def open(self, model: StepModel | None, settings: Settings) -> RemoteState:
        """A state in the process."""
        return RemoteState(self, settings)

    def marks(self, predictions: Predictions, size: tuple[int, int]) -> Sequence[Mark]:
        """What the process draws."""
        plain = replace(predictions, features={})
        marks: Sequence[Mark] = self.process.ask("marks", self.name, plain, size, within_s=ANSWER_S)
        return marks


class RemoteState:
    """One run of a task in its process; begins anew where the process had to."""

    def __init__(self, task: Remote, settings: Settings) -> None:
        self._task = task
        self._settings = settings
        self._opened = -1
        self._run = next(_runs)

    def step(self, frame: Frame, regions: Regions, prompts: Sequence[Prompt]) -> Predictions:
        """What the task finds. Raises IsolatedError where it fails, crashes or hangs."""
        task, process = self._task, self._task.process
        if self._opened != process.ended:
            self._open()
        choice = (self._settings.refine, self._settings.steps)
        found: Predictions = process.ask(
            "step", self._run, task.name, choice, regions, prompts, within_s=ANSWER_S, frame=frame
        )
        return found

    def reset(self, why: str) -> None:
        """The next frame does not follow the last one."""
        if self._opened == self._task.process.ended:
            self._task.process.ask("reset", self._run, why, within_s=ANSWER_S)

    def _open(self) -> None:
        task, process = self._task, self._task.process
        if task.loading is not None:
            process.ask("load", task.name, *task.loading, within_s=LOAD_S)
        settings = Settings(track=self._settings.track, detect_every=self._settings.detect_every)
        process.ask("open", self._run, task.name, settings, within_s=ANSWER_S)
        self._opened = process.ended


def isolate(plugins: Plugins, names: Iterable[str]) -> None:
    """Add the tasks of plugins that were not loaded, each plugin in a process of its own.

    What they add besides is left out. Raises PluginError where a name is no plugin's, or its
    process can't be started.
    """
    for name in names:
        if name not in plugins.entries:
            known = ", ".join(plugins.entries)
            raise PluginError(f"--isolate {name}: no such plugin is installed; there are: {known}")
        process = Process(name)
        try:
            described = process.ask("tasks", within_s=IMPORT_S)
        except IsolatedError as error:
            raise PluginError(f"plugin '{name}', isolated: {error}; run without it") from error
        plugins.manager.register(_Hooks([Remote(process, *each) for each in described]), name=name)


@dataclass
class _Hooks:
    """What an isolated plugin adds."""

    tasks: list[Remote]

    @hookimpl
    def edgereg_tasks(self) -> list[Remote]:
        return self.tasks
