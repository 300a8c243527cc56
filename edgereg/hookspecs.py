"""The hooks through which a plugin adds to edgereg.

A plugin is a module named in the entry-point group `edgereg.plugins`; its functions that carry
`@hookimpl` and the name of a hook are called once, when edgereg first needs what they add.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    import click

    from edgereg.core.filters import Filter
    from edgereg.core.tasks import Task
    from edgereg.engines.base import EngineProvider
    from edgereg.sinks.base import SinkFormat
    from edgereg.sources.base import SourceFormat

PROJECT = "edgereg"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def edgereg_tasks() -> list[Task]:  # type: ignore[empty-body]
    """Return a list of tasks, each with its own name."""


@hookspec
def edgereg_filters() -> list[Filter]:  # type: ignore[empty-body]
    """Return a list of filters, which change the predictions of a task over time."""


@hookspec
def edgereg_commands() -> list[click.Command]:  # type: ignore[empty-body]
    """Return a list of click commands that become `edgereg <name>`."""


@hookspec
def edgereg_engines() -> list[EngineProvider]:  # type: ignore[empty-body]
    """Return a list of engine providers; each loads the path of an ONNX file."""


@hookspec
def edgereg_sources() -> list[SourceFormat]:  # type: ignore[empty-body]
    """Return a list of source formats; each tells what it takes and opens it."""


@hookspec
def edgereg_sinks() -> list[SinkFormat]:  # type: ignore[empty-body]
    """Return a list of output formats by file ending (`.xyz`); each opens a path."""


# What training commands can name. Each value is an object, or its import path `module:name`, so
# that nothing is imported before somebody asks for it; the runtime calls none of these hooks.


@hookspec
def edgereg_methods() -> Mapping[str, object]:  # type: ignore[empty-body]
    """Return training methods by name: the class of a method's settings in a recipe."""


@hookspec
def edgereg_backbones() -> Mapping[str, object]:  # type: ignore[empty-body]
    """Return backbones by name (`family/*`: all names in it): the class of its settings."""


@hookspec
def edgereg_targets() -> Mapping[str, object]:  # type: ignore[empty-body]
    """Return training targets by name: the class of a target's settings in a recipe."""


@hookspec
def edgereg_datasets() -> Mapping[str, object]:  # type: ignore[empty-body]
    """Return data sets by name, each a loader of the set's own layout on disk."""


@hookspec
def edgereg_problems() -> Mapping[str, object]:  # type: ignore[empty-body]
    """Return training problems by name: each a `ProblemKind` of edgereg_training."""
