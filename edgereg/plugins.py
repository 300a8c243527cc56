"""Guarded loading of plugins: what one does wrong is named and skipped, the rest runs on."""

from __future__ import annotations

import json
import signal
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import platformdirs
import pluggy

from edgereg import additions, builtin, hookspecs
from edgereg.core.custody import custody
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

# Names that no plugin may take, by hook, beside those of what is built in.
RESERVED = {"edgereg_commands": frozenset(builtin.COMMANDS), "edgereg_engines": {"auto"}}
# An import that takes longer is named: every call of edgereg waits for it.
SLOW_S = 1.0


class PluginEntry(Protocol):
    """The part of `importlib.metadata.EntryPoint` that loading needs."""

    @property
    def name(self) -> str: ...
    @property
    def value(self) -> str: ...
    def load(self) -> Any: ...


@dataclass(frozen=True)
class PluginFault:
    """What is wrong with a plugin, and what its user can do.

    skipped: whether it, or what it adds, is left out. traceback: where it was raised, if it was.
    """

    plugin: str
    reason: str
    fix: str
    skipped: bool = True
    traceback: str = field(default="", compare=False, repr=False)

    def __str__(self) -> str:
        skipped = " is skipped" if self.skipped else ""
        return f"plugin '{self.plugin}'{skipped}: {self.reason}; {self.fix}"


@dataclass
class Plugins:
    """The loaded plugins, what they add, and the faults met so far.

    entries: what the entry points name, in order; disabled: names that were not loaded.
    """

    manager: pluggy.PluginManager
    entries: Mapping[str, PluginEntry] = field(default_factory=dict)
    disabled: frozenset[str] = frozenset()
    faults: list[PluginFault] = field(default_factory=list)
    _found: dict[str, dict[str, Any]] = field(default_factory=dict)
    _owners: dict[str, dict[str, str]] = field(default_factory=dict)

    def tasks(self) -> dict[str, Task]:
        """Tasks by name."""
        return self._collect("edgereg_tasks", additions.named_tasks)

    def commands(self) -> dict[str, click.Command]:
        """Commands by name."""
        return self._collect("edgereg_commands", additions.named_commands)

    def engines(self) -> dict[str, EngineProvider]:
        """Engine providers by name."""
        described = partial(additions.described, "engine providers", "name")
        return self._collect("edgereg_engines", described)

    def sources(self) -> dict[str, SourceFormat]:
        """Source formats by name."""
        return self._collect("edgereg_sources", additions.named_sources)

    def filters(self) -> dict[str, Filter]:
        """Filters by name."""
        described = partial(additions.described, "filters", "name")
        return self._collect("edgereg_filters", described)

    def sinks(self) -> dict[str, SinkFormat]:
        """Output formats by file ending."""
        return self._collect("edgereg_sinks", additions.named_sinks)

    def training_parts(self, hook: str) -> dict[str, object]:
        """What a hook of training adds, by name: objects or their import paths."""
        return self._collect(hook, additions.named_parts)

    def call_all(self) -> None:
        """Call every hook of the runtime, so that `faults` is complete."""
        runtime = (self.tasks, self.engines, self.sources, self.sinks, self.filters)
        for collect in (*runtime, self.commands):
            collect()

    def hooks_of(self, name: str) -> list[str]:
        """Names of the hooks that the plugin implements; empty if it is not loaded."""
        plugin = self.manager.get_plugin(name)
        callers = self.manager.get_hookcallers(plugin) if plugin is not None else None
        return sorted(caller.name for caller in callers or ())

    @property
    def called(self) -> frozenset[str]:
        """The hooks that have been called."""
        return frozenset(self._found)

    def version(self, name: str) -> str:
        """The version of the distribution that a plugin came with, or nothing."""
        return str(getattr(getattr(self.entries[name], "dist", None), "version", ""))

    def place(self, name: str) -> str:
        """The file of a plugin's module; what its entry point names where it is not loaded."""
        file = getattr(self.manager.get_plugin(name), "__file__", None)
        return str(file or self.entries[name].value)

    def owners(self, hook: str) -> dict[str, str]:
        """Which plugin has added what, by name, as far as the hook has been called."""
        return dict(self._owners.get(hook, {}))

    def is_foreign(self, name: str) -> bool:
        """Whether a plugin is somebody else's than edgereg's own."""
        return name in self.entries and not _is_own(self.entries[name])

    def foreign(self, hook: str) -> dict[str, str]:
        """Of what a hook has added: what is not edgereg's, and which plugin's it is."""
        return {name: each for name, each in self.owners(hook).items() if self.is_foreign(each)}

    def note_of(self, name: str) -> str:
        """Who is named if the program ends while this plugin is called: nobody for edgereg's."""
        return name if self.is_foreign(name) else ""

    def _collect(self, hook: str, named: Callable[[Any], dict[str, T]]) -> dict[str, T]:
        if hook not in self._found:
            self._found[hook], self._owners[hook] = self._called(hook, named)
        return dict(self._found[hook])

    def _called(
        self, hook: str, named: Callable[[Any], dict[str, T]]
    ) -> tuple[dict[str, T], dict[str, str]]:
        """What all implementations of a hook return, and whose it is; the first has a name."""
        found: dict[str, T] = {}
        owner: dict[str, str] = {}
        order = [BUILT_IN, *self.entries]
        implementations = getattr(self.manager.hook, hook).get_hookimpls()
        for implementation in sorted(implementations, key=lambda i: order.index(i.plugin_name)):
            name = implementation.plugin_name
            for key, value in self._guarded(name, implementation.function, hook, named).items():
                if key in found or key in RESERVED.get(hook, ()):
                    first = owner.get(key, BUILT_IN)
                    whose = "is built in" if first == BUILT_IN else f"plugin '{first}' has added"
                    reason = f"{hook} adds '{key}', which {whose} already"
                    self._blame(name, reason, f"rename one of the two, or: {_disable(name)}")
                    continue
                found[key], owner[key] = value, name
        return found, owner

    def _guarded(
        self,
        name: str,
        implementation: Callable[[], Any],
        hook: str,
        named: Callable[[Any], dict[str, T]],
    ) -> dict[str, T]:
        # Not through pluggy's call of all: one plugin that raises would end the others' turn.
        try:
            with _not_interrupted_by_plugins(), custody(self.note_of(name)):
                returned = implementation()
                return {} if returned is None else named(returned)
        except BaseException as error:
            _leave_if_interrupted(error)
            self._blame(name, f"{hook} failed ({one_line(error)})", _tell_author(name), error)
            return {}

    def _blame(
        self, plugin: str, reason: str, fix: str, error: BaseException | None = None
    ) -> None:
        trace = "" if error is None else "".join(traceback.format_exception(error))
        fault = PluginFault(plugin, reason, fix, traceback=trace)
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
    first: dict[str, PluginEntry] = {}
    for entry in found:
        first.setdefault(entry.name, entry)
    off = read_disabled() if disabled is None else frozenset(disabled)
    plugins = Plugins(manager, first, off)
    manager.register(builtin, name=BUILT_IN)
    for entry in found:
        if first[entry.name] is not entry or entry.name == BUILT_IN:
            reason = f"{entry.value} takes a name that another plugin has"
            plugins._blame(entry.name, reason, "rename or uninstall the one that came later")
        elif entry.name not in off:
            _register(plugins, entry.name, entry)
    return plugins


def foreign_plugins(disabled: frozenset[str]) -> list[str]:
    """Names of enabled plugins that are not edgereg's own."""
    names = (entry.name for entry in entry_points(group=GROUP) if not _is_own(entry))
    return sorted({*names} - disabled)


def built_in() -> Plugins:
    """What is built in, and no plugin."""
    return load_plugins((), ())


def _precedence(entry: PluginEntry) -> tuple[bool, str]:
    """edgereg's own plugins come first: nobody's name can put itself before them."""
    return not _is_own(entry), entry.name


def _is_own(entry: PluginEntry) -> bool:
    return getattr(getattr(entry, "dist", None), "name", None) == "edgereg"


def _register(plugins: Plugins, name: str, entry: PluginEntry) -> None:
    start = time.perf_counter()
    try:
        with (
            _not_interrupted_by_plugins(),
            custody(plugins.note_of(name)),
            warnings.catch_warnings(),
        ):
            module = entry.load()
    except BaseException as error:
        _leave_if_interrupted(error)
        reason = f"importing {entry.value} failed ({one_line(error)})"
        plugins._blame(name, reason, f"repair or uninstall it, or: {_disable(name)}", error)
        return
    took = time.perf_counter() - start
    if took > SLOW_S and not _is_own(entry):
        reason = f"importing {entry.value} takes {took:.1f} s, for which every command waits"
        fix = f"its author can import inside the hooks; without it: edgereg --no-plugin {name}"
        plugins.faults.append(PluginFault(name, reason, fix, skipped=False))
    wants = str(getattr(module, "EDGEREG_API", API_VERSION))
    if not wants.isdecimal() or int(wants) > API_VERSION:
        reason = f"it was made for version {wants} of the plugin API, and this is {API_VERSION}"
        plugins._blame(name, reason, f"update edgereg, or: {_disable(name)}")
        return
    try:
        plugins.manager.register(module, name=name)
        plugins.manager.check_pending()
    except (pluggy.PluginValidationError, ValueError) as error:
        if plugins.manager.get_plugin(name) is module:
            plugins.manager.unregister(name=name)
        plugins._blame(name, f"it hooks in wrongly ({one_line(error)})", _tell_author(name))
        return
    if not plugins.hooks_of(name):
        reason = f"{entry.value} has no function marked @hookimpl"
        plugins._blame(name, reason, _tell_author(name))


class _Interrupted(BaseException):
    """Ctrl-C, told from a KeyboardInterrupt that a plugin raises itself."""


@contextmanager
def _not_interrupted_by_plugins() -> Iterator[None]:
    """Let Ctrl-C raise _Interrupted, so that whatever else is raised is the plugin's own."""
    usual = signal.default_int_handler
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not usual:
        yield
        return

    def interrupt(*_: object) -> None:
        raise _Interrupted

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)


def _leave_if_interrupted(error: BaseException) -> None:
    if isinstance(error, _Interrupted):
        raise KeyboardInterrupt from error


def _disable(name: str) -> str:
    return f"edgereg plugin disable {name}"


def _tell_author(name: str) -> str:
    return f"tell its author, or: {_disable(name)}"


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
