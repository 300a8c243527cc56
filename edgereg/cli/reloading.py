"""`edgereg run --reload`: the run again, in a new process, whenever a file of a plugin changes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

import click

from edgereg.core.errors import PluginError

# How often files are looked at, and how long a run may take to end with its outputs closed.
LOOK_S, ENDING_S = 0.2, 10.0


def run_again(arguments: Sequence[str], disabled: frozenset[str]) -> int:
    """Run `edgereg` with these arguments until Ctrl-C, anew at every change.

    Raises PluginError where there is nothing to watch.
    """
    places = plugin_places(disabled)
    if not places:
        raise PluginError("--reload watches the files of your plugins, and none is installed")
    # What was compiled in the same second as an edit would be taken for current.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        while True:
            before = state_of(places)
            run = subprocess.Popen([sys.executable, "-m", "edgereg", *arguments], env=environment)
            try:
                changed = _next_change(places, before, run)
            finally:
                _end(run)
            click.echo(f"{changed} has changed; once more", err=True)
    except KeyboardInterrupt:
        return 0


def plugin_places(disabled: frozenset[str]) -> list[Path]:
    """The folders, or single files, of the plugins that are not edgereg's own."""
    from edgereg.plugins import GROUP, foreign_plugins

    places = []
    for name in foreign_plugins(disabled):
        (entry, *_) = entry_points(group=GROUP, name=name)
        spec = find_spec(entry.value.partition(":")[0].partition(".")[0])
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


def _next_change(
    places: Sequence[Path], before: dict[Path, tuple[int, int]], run: subprocess.Popen[bytes]
) -> Path:
    """Wait for it; editors write in several goes, so until nothing changes any more."""
    told = False
    while (now := state_of(places)) == before:
        if run.poll() is not None and not told:
            told = True
            click.echo("Waiting for a change; Ctrl-C ends", err=True)
        time.sleep(LOOK_S)
    time.sleep(LOOK_S / 2)
    while (later := state_of(places)) != now:
        now = later
        time.sleep(LOOK_S / 2)
    return min(file for file in {*before, *now} if before.get(file) != now.get(file))


def _end(run: subprocess.Popen[bytes]) -> None:
    run.terminate()
    try:
        run.wait(ENDING_S)
    except subprocess.TimeoutExpired:
        run.kill()
        run.wait()
