"""Guarded loading of plugins: what one does wrong is named and skipped, the rest runs on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import platformdirs
import pluggy

from edgereg import builtin, hookspecs
from edgereg.core.errors import PluginError, one_line
from edgereg.core.files import replace_file
from edgereg.core.json_files import read_json

if TYPE_CHECKING:
    import click

    from edgereg.core.filters import Filter
    from edgereg.core.tasks import Task
    from edgereg.engines.base import EngineProvider
    from edgereg.sinks.base import SinkFormat
    from edgereg.sources.base import SourceFormat

GROUP = "edgereg.plugins"
T = TypeVar("T")

# The version of `edgereg.api` and of the hooks; a plugin says in EDGEREG_API which it was made for.
API_VERSION = 1
# The name under which what is built in is registered.
BUILT_IN = "edgereg"

_EVERY_TASK = ("kinds", "marks")
_REGION_TASK = ("prepare", "propose", "conclude")


class PluginEntry(Protocol):
    """The part of `importlib.metadata.EntryPoint` that loading needs."""

    @property
    def name(self) -> str: ...
    @property
    def value(self) -> str: ...
    def load(self) -> Any: ...


@dataclass(frozen=True)
class PluginFault:
    """What is wrong with a plugin, and what its user can do."""

    plugin: str
    reason: str
    fix: str

    def __str__(self) -> str:
        return f"plugin '{self.plugin}' is skipped: {self.reason}; {self.fix}"


@dataclass
class Plugins:
    """The loaded plugins, what they add, and the faults met so far.

    entries: what the entry points name, in order; disabled: names that were not loaded.
    """

    manager: pluggy.PluginManager
    entries: Mapping[str, PluginEntry] = field(default_factory=dict)
    disabled: frozenset[str] = frozenset()
    faults: list[PluginFault] = field(default_factory=list)

    def tasks(self) -> dict[str, Task]:
        """Tasks by name."""
        return self._collect("edgereg_tasks", _named_tasks)

    def commands(self) -> dict[str, click.Command]:
        """Commands by name."""
        return self._collect("edgereg_commands", _named_commands)

    def engines(self) -> dict[str, EngineProvider]:
        """Engine providers by name."""
        return self._collect("edgereg_engines", partial(_described, "engine providers", "name"))

    def sources(self) -> dict[str, SourceFormat]:
        """Source formats by name."""
        return self._collect("edgereg_sources", partial(_described, "source formats", "name"))

    def filters(self) -> dict[str, Filter]:
        """Filters by name."""
        return self._collect("edgereg_filters", partial(_described, "filters", "name"))

    def sinks(self) -> dict[str, SinkFormat]:
        """Output formats by file ending."""
        return self._collect("edgereg_sinks", partial(_described, "output formats", "ending"))

    def training_parts(self, hook: str) -> dict[str, object]:
        """What a hook of training adds, by name: objects or their import paths."""
        return self._collect(hook, _named_parts)

    def call_all(self) -> None:
        """Call every hook, so that `faults` is complete."""
        runtime = (self.tasks, self.engines, self.sources, self.sinks, self.filters)
        for collect in (*runtime, self.commands):
            collect()

    def hooks_of(self, name: str) -> list[str]:
        """Names of the hooks that the plugin implements; empty if it is not loaded."""
        plugin = self.manager.get_plugin(name)
        callers = self.manager.get_hookcallers(plugin) if plugin is not None else None
        return sorted(caller.name for caller in callers or ())

    def _collect(self, hook: str, named: Callable[[Any], dict[str, T]]) -> dict[str, T]:
        found: dict[str, T] = {}
        owner: dict[str, str] = {}
        order = [BUILT_IN, *self.entries]
        implementations = getattr(self.manager.hook, hook).get_hookimpls()
        for implementation in sorted(implementations, key=lambda i: order.index(i.plugin_name)):
            name = implementation.plugin_name
            for key, value in self._guarded(name, implementation.function, hook, named).items():
                if key in found:
                    first = owner[key]
                    whose = "is built in" if first == BUILT_IN else f"plugin '{first}' has added"
                    reason = f"{hook} adds '{key}', which {whose} already"
                    self._blame(name, reason, f"rename one of the two, or: {_disable(name)}")
                    continue
                found[key], owner[key] = value, name
        return found

    def _guarded(
        self,
        name: str,
        implementation: Callable[[], Any],
        hook: str,
        named: Callable[[Any], dict[str, T]],
    ) -> dict[str, T]:
        # Not through pluggy's call of all: one plugin that raises would end the others' turn.
        try:
            returned = implementation()
            return {} if returned is None else named(returned)
        except (Exception, SystemExit) as error:
            self._blame(name, f"{hook} failed ({one_line(error)})", _tell_author(name))
            return {}

    def _blame(self, plugin: str, reason: str, fix: str) -> None:
        fault = PluginFault(plugin, reason, fix)
        if fault not in self.faults:
            self.faults.append(fault)


def load_plugins(
    disabled: Iterable[str] | None = None, entries: Sequence[PluginEntry] | None = None
) -> Plugins:
    """Import every enabled plugin of the entry-point group; faults are kept, never raised.

    disabled: names to leave out (default: the list written by `edgereg plugin disable`).
    entries: entry points to load (default: those of the installed distributions).
    """
    found = sorted(entry_points(group=GROUP) if entries is None else entries, key=_precedence)
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    plugins = Plugins(
        manager,
        {entry.name: entry for entry in found},
        read_disabled() if disabled is None else frozenset(disabled),
    )
    manager.register(builtin, name=BUILT_IN)
    for name, entry in plugins.entries.items():
        if name not in plugins.disabled:
            _register(plugins, name, entry)
    return plugins


def built_in() -> Plugins:
    """What is built in, and no plugin."""
    return load_plugins((), ())


def _precedence(entry: PluginEntry) -> tuple[bool, str]:
    """edgereg's own plugins come first: nobody's name can put itself before them."""
    home = getattr(getattr(entry, "dist", None), "name", None)
    return home != "edgereg", entry.name


def _register(plugins: Plugins, name: str, entry: PluginEntry) -> None:
    try:
        module = entry.load()
    except (Exception, SystemExit) as error:
        fix = f"repair or uninstall it, or: {_disable(name)}"
        plugins._blame(name, f"importing {entry.value} failed ({one_line(error)})", fix)
        return
    wants = str(getattr(module, "EDGEREG_API", API_VERSION))
    if not wants.isdecimal() or int(wants) > API_VERSION:
        reason = f"it was made for version {wants} of the plugin API, and this is {API_VERSION}"
        plugins._blame(name, reason, f"update edgereg, or: {_disable(name)}")
        return
    try:
        plugins.manager.register(module, name=name)
        plugins.manager.check_pending()
    except (pluggy.PluginValidationError, ValueError) as error:
        if plugins.manager.has_plugin(name):
            plugins.manager.unregister(name=name)
        plugins._blame(name, f"it hooks in wrongly ({one_line(error)})", _tell_author(name))
        return
    if not plugins.hooks_of(name):
        reason = f"{entry.value} has no function marked @hookimpl"
        plugins._blame(name, reason, _tell_author(name))


def _disable(name: str) -> str:
    return f"edgereg plugin disable {name}"


def _tell_author(name: str) -> str:
    return f"tell its author, or: {_disable(name)}"


def _named_tasks(returned: Any) -> dict[str, Task]:
    tasks: dict[str, Task] = {}
    for task in _as_list(returned, "tasks"):
        calls = _EVERY_TASK if callable(getattr(task, "open", None)) else _EVERY_TASK + _REGION_TASK
        missing = [call for call in calls if not callable(getattr(task, call, None))]
        missing += [key for key in ("name", "title", "model", "upstream") if not hasattr(task, key)]
        if missing:
            name = getattr(task, "name", task)
            raise TypeError(f"'{name}' is no task: it lacks {', '.join(missing)}")
        if task.model is not None and not isinstance(task.model, Path):
            raise TypeError(f"task '{task.name}': model must be a Path, not {task.model!r}")
        tasks[task.name] = task
    return tasks


def _named_commands(returned: Any) -> dict[str, click.Command]:
    import click

    commands: dict[str, click.Command] = {}
    for command in _as_list(returned, "click commands"):
        if not isinstance(command, click.Command) or not command.name:
            raise TypeError(f"{command!r} is no named click command")
        commands[command.name] = command
    return commands


def _as_list(returned: Any, what: str) -> list[Any]:
    if not isinstance(returned, (list, tuple)):
        raise TypeError(f"it returned {type(returned).__name__} instead of a list of {what}")
    return list(returned)


def _described(what: str, key: str, returned: Any) -> dict[str, Any]:
    """Descriptions by the field that names them; each must have a title and something to open."""
    named: dict[str, Any] = {}
    for each in _as_list(returned, what):
        name = getattr(each, key, None)
        make = getattr(each, "open", None) or getattr(each, "load", None)
        if not isinstance(name, str) or not name or not callable(make):
            raise TypeError(f"{each!r} is none of the {what}: it lacks a {key} or what opens it")
        named[name.lower()] = each
    return named


def _named_parts(returned: Any) -> dict[str, object]:
    if not isinstance(returned, Mapping) or not all(isinstance(name, str) for name in returned):
        raise TypeError(f"it returned {type(returned).__name__} instead of a mapping by name")
    return dict(returned)


def settings_file() -> Path:
    """Where the names of disabled plugins are kept."""
    return platformdirs.user_config_path("edgereg", appauthor=False) / "plugins.json"


def read_disabled() -> frozenset[str]:
    """Names of the disabled plugins. Raises PluginError if the file is damaged."""
    path = settings_file()
    if not path.is_file():
        return frozenset()
    try:
        disabled = read_json(path)["disabled"]
        return frozenset(str(name) for name in disabled)
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise PluginError(
            f"cannot read {path} ({one_line(error)}); correct or delete it"
        ) from error


def write_disabled(names: Iterable[str]) -> None:
    """Replace the list of disabled plugins. Raises PluginError if it can't be written."""
    path = settings_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, (json.dumps({"disabled": sorted(names)}) + "\n").encode())
    except OSError as error:
        raise PluginError(f"cannot write {path} ({error.strerror}); check its folder") from error
