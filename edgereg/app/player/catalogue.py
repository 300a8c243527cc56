"""The tasks that the window offers: loaded ones, and those that can't be, with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from edgereg.core.errors import EdgeregError
from edgereg.core.tasks import Task
from edgereg.pipeline.loading import LoadedTask, in_order, load_task
from edgereg.plugins import Plugins, built_in, load_plugins


@dataclass(frozen=True)
class Catalogue:
    """tasks: ready to run, upstreams first. titles: for people, by name, also of unusable tasks.

    unusable: reasons by name of task. faults: what is wrong with plugins, one line each.
    plugins: what else they add, such as sources and sinks.
    """

    tasks: tuple[LoadedTask, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)
    unusable: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    plugins: Plugins = field(default_factory=built_in)

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


Loader: TypeAlias = Callable[[], Catalogue]


def load_catalogue() -> Catalogue:
    """Load all installed plugins' tasks and their models; takes seconds, raises nothing."""
    plugins = load_plugins()
    tasks = plugins.tasks()
    loaded, unusable = load_usable(tasks)
    return Catalogue(
        tuple(loaded.values()),
        {name: task.title for name, task in tasks.items()},
        unusable,
        tuple(str(fault) for fault in plugins.faults),
        plugins,
    )


def load_usable(tasks: Mapping[str, Task]) -> tuple[dict[str, LoadedTask], dict[str, str]]:
    """Load every task that can be, upstreams first; reasons for the others, by name."""
    loaded: dict[str, LoadedTask] = {}
    unusable: dict[str, str] = {}
    for name in tasks:
        try:
            for task in in_order(tasks.values(), [name]):
                if task.name not in loaded:
                    loaded[task.name] = load_task(task)
        except EdgeregError as error:
            unusable[name] = str(error)
        except Exception as error:  # a plugin may raise anything
            unusable[name] = f"{type(error).__name__}: {error}; tell the plugin's author"
    return loaded, unusable
