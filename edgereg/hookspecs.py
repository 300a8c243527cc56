"""The hooks through which a plugin adds to edgereg.

A plugin is a module named in the entry-point group `edgereg.plugins`; its functions that carry
`@hookimpl` and the name of a hook are called once, when edgereg first needs what they add.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pluggy

if TYPE_CHECKING:
    import click

    from edgereg.core.tasks import Task
    from edgereg.engines.base import Engine
    from edgereg.sinks.base import Sink
    from edgereg.sources.base import Source, SourceInfo

    EngineLoader: TypeAlias = Callable[[Path], Engine]
    SourceOpener: TypeAlias = Callable[[str], Source]
    SinkOpener: TypeAlias = Callable[[Path, SourceInfo], Sink]

PROJECT = "edgereg"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def edgereg_tasks() -> list[Task]:  # type: ignore[empty-body]
    """Return a list of tasks, each with its own name."""


@hookspec
def edgereg_commands() -> list[click.Command]:  # type: ignore[empty-body]
    """Return a list of click commands that become `edgereg <name>`."""


@hookspec
def edgereg_engines() -> Mapping[str, EngineLoader]:  # type: ignore[empty-body]
    """Return engine loaders by provider name; a loader takes the path of an ONNX file."""


@hookspec
def edgereg_sources() -> Mapping[str, SourceOpener]:  # type: ignore[empty-body]
    """Return source openers by scheme; an opener takes the whole text `scheme:...`."""


@hookspec
def edgereg_sinks() -> Mapping[str, SinkOpener]:  # type: ignore[empty-body]
    """Return sink openers by file ending (`.xyz`); an opener takes a path and the source's info."""
