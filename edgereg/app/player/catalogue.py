"""The tasks that the window offers: loaded ones, and those that can't be, with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from edgereg.assembly import Choice, check_precision, loading_of, models_of, offered
from edgereg.core.errors import EdgeregError, ModelFolderError, PluginError
from edgereg.core.tasks import Task
from edgereg.models.folder import load_model
from edgereg.pipeline.loading import (
    LoadedRegionTask,
    LoadedStepTask,
    LoadedTask,
    Loading,
    has_threshold,
    in_order,
    load_task,
    of_size,
    with_threshold,
)
from edgereg.plugins import Plugins, built_in, load_plugins


@dataclass(frozen=True)
class Catalogue:
    """tasks: ready to run, upstreams first. titles: for people, by name, also of unusable tasks.

    unusable: reasons by name of task. faults: what is wrong with plugins, one line each.
    plugins: what else they add, such as sources and sinks. chosen: names of tasks that were asked
    for, none: the usual ones.
    """

    tasks: tuple[LoadedTask, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)
    unusable: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    plugins: Plugins = field(default_factory=built_in)
    chosen: frozenset[str] = frozenset()

    @property
    def providers(self) -> tuple[str, ...]:
        """Providers that run the models, each once."""
        engines = [engine for loaded in self.tasks for engine in loaded.engines]
        return tuple(dict.fromkeys(engine.provider for engine in engines))


def detectors_of(tasks: Iterable[LoadedTask]) -> dict[str, str]:
    """For each task the one that it stands on in the end, which may be itself."""
    detectors: dict[str, str] = {}
    for loaded in tasks:
        upstream = loaded.task.upstream
        detectors[loaded.name] = detectors.get(upstream, upstream) if upstream else loaded.name
    return detectors


Loader: TypeAlias = Callable[[Choice], Catalogue]


def load_catalogue(choice: Choice, plugins: Plugins | None = None) -> Catalogue:
    """Load all plugins' tasks, and their models as chosen; takes seconds.

    plugins: None: all that are installed. Raises as `check_choice`.
    """
    plugins = plugins or load_plugins()
    check_choice(plugins, choice)
    tasks = {task.name: task for task in offered(plugins, choice)}
    models = models_of(choice)
    loaded, unusable = load_usable(tasks, choice, loading_of(plugins, choice, models))
    chosen = {*choice.tasks, *models}
    if choice.prompts:
        chosen |= {name for name, each in loaded.items() if isinstance(each, LoadedStepTask)}
    return Catalogue(
        tuple(loaded.values()),
        {name: task.title for name, task in tasks.items()},
        unusable,
        tuple(str(fault) for fault in plugins.faults),
        plugins,
        frozenset(chosen),
    )


def adapted(catalogue: Catalogue, before: Choice, choice: Choice) -> Catalogue | None:
    """The catalogue for another choice, where no engine has to be loaded for it; else None."""
    if replace(choice, threshold=before.threshold, detect_every=before.detect_every) != before:
        return None
    if choice.threshold == before.threshold:
        return catalogue
    return replace(catalogue, tasks=tuple(_adapted(each, choice) for each in catalogue.tasks))


def _adapted(loaded: LoadedTask, choice: Choice) -> LoadedTask:
    if not isinstance(loaded, LoadedRegionTask) or not has_threshold(loaded.spec):
        return loaded
    own = of_size(load_model(loaded.model.path), choice.size)
    return replace(loaded, model=with_threshold(own, choice.threshold))


def check_choice(plugins: Plugins, choice: Choice) -> None:
    """Raise ModelFolderError for a chosen model folder that is none, or of no task, PluginError for
    a task that no plugin brings."""
    known = plugins.tasks()
    for name, folder in models_of(choice).items():
        if name not in known:
            raise ModelFolderError(
                f"{folder}: is a model of task '{name}', which no plugin brings; there are: "
                f"{', '.join(known)}"
            )
    if plugins.faults and not known.keys() >= {*choice.tasks}:
        # What is wrong with the plugin says more than that its task is missing.
        raise PluginError(str(plugins.faults[0]))
    in_order(known.values(), choice.tasks)


def load_usable(
    tasks: Mapping[str, Task], choice: Choice | None = None, loading: Loading | None = None
) -> tuple[dict[str, LoadedTask], dict[str, str]]:
    """Load every task that can be, upstreams first; reasons for the others, by name."""
    loaded: dict[str, LoadedTask] = {}
    unusable: dict[str, str] = {}
    for name in tasks:
        try:
            for task in in_order(tasks.values(), [name]):
                if task.name not in loaded:
                    made = load_task(task, loading)
                    check_precision(made, choice or Choice())
                    loaded[task.name] = made
        except EdgeregError as error:
            unusable[name] = str(error)
        except Exception as error:  # a plugin may raise anything
            unusable[name] = f"{type(error).__name__}: {error}; tell the plugin's author"
    return loaded, unusable
