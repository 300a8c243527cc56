"""The files of plugins that are being written: where they are, when they change, loaded anew."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from edgereg.plugins import GROUP, Plugins, foreign_plugins, load_plugins

# How often files are looked at.
LOOK_S = 0.2


def plugin_places(disabled: frozenset[str]) -> list[Path]:
    """The folders, or single files, of the plugins that are not edgereg's own."""
    places = []
    for package in _packages(disabled):
        spec = find_spec(package)
        if spec is not None and spec.origin is not None:
            file = Path(spec.origin)
            places.append(file.parent if spec.submodule_search_locations else file)
    return places


def state_of(places: Sequence[Path]) -> dict[Path, tuple[int, int]]:
    """Time and size of every file, models too, by which a change is seen."""
    files = (
        file for place in places for file in ([place] if place.is_file() else place.rglob("*"))
    )
    state = {}
    for file in files:
        if file.suffix != ".pyc" and file.is_file():
            facts = file.stat()
            state[file] = (facts.st_mtime_ns, facts.st_size)
    return state


def next_change(
    places: Sequence[Path],
    before: dict[Path, tuple[int, int]],
    stopped: threading.Event,
    looked: Callable[[], object] = lambda: None,
) -> Path | None:
    """Wait for a change, and, since editors write in several goes, until nothing changes any more;
    the first file that did, or None once stopped. looked: called now and then meanwhile."""
    while (now := state_of(places)) == before:
        looked()
        if stopped.wait(LOOK_S):
            return None
    stopped.wait(LOOK_S / 2)
    while (later := state_of(places)) != now:
        now = later
        stopped.wait(LOOK_S / 2)
    return min(file for file in {*before, *now} if before.get(file) != now.get(file))


def loaded_anew(plugins: Plugins) -> Plugins:
    """All plugins, those that are not edgereg's own imported again."""
    for package in _packages(plugins.disabled):
        for name in [*sys.modules]:
            if name == package or name.startswith(f"{package}."):
                del sys.modules[name]
    importlib.invalidate_caches()
    return load_plugins(plugins.disabled)


def _packages(disabled: frozenset[str]) -> list[str]:
    """The outermost packages, or modules, of the plugins that are not edgereg's own."""
    packages = []
    for name in foreign_plugins(disabled):
        (entry, *_) = entry_points(group=GROUP, name=name)
        packages.append(entry.value.partition(":")[0].partition(".")[0])
    return packages
