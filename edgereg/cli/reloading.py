"""`edgereg run --reload`: the run again, in a new process, whenever a file of a plugin changes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import click

from edgereg.core.errors import PluginError
from edgereg.plugin_files import next_change, plugin_places, state_of

# How long a run may take to end with its outputs closed.
ENDING_S = 10.0


def run_again(arguments: Sequence[str], disabled: frozenset[str]) -> int:
    """Run `edgereg` with these arguments until Ctrl-C, anew at every change.

    Raises PluginError where there is nothing to watch.
    """
    places = watched_places(disabled)
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


def watched_places(disabled: frozenset[str]) -> list[Path]:
    """Where the files of plugins are. Raises PluginError where there is nothing to watch."""
    places = plugin_places(disabled)
    if not places:
        raise PluginError("--reload watches the files of your plugins, and none is installed")
    return places


def _next_change(
    places: Sequence[Path], before: dict[Path, tuple[int, int]], run: subprocess.Popen[bytes]
) -> Path | None:
    """Wait for it, and tell once when the run has ended."""
    told = False

    def look() -> None:
        nonlocal told
        if run.poll() is not None and not told:
            told = True
            click.echo("Waiting for a change; Ctrl-C ends", err=True)

    return next_change(places, before, threading.Event(), look)


def _end(run: subprocess.Popen[bytes]) -> None:
    run.terminate()
    try:
        run.wait(ENDING_S)
    except subprocess.TimeoutExpired:
        run.kill()
        run.wait()
