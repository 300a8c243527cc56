"""`edgereg run --config`: one source of a file that `edgereg serve` takes too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from edgereg.core.errors import EdgeregError

if TYPE_CHECKING:
    from edgereg.assembly import Choice
    from edgereg.serve.config import SourceConfig

# What such a file does not say, and the command line may.
_BESIDE = frozenset(
    {"config", "append", "resume", "show_stats", "limit", "precision", "blur", "filters"}
) | {"max_pixels"}


@dataclass(frozen=True)
class Configured:
    """A run as a file describes it, without `loop`: it goes to the end of a recording."""

    source: str
    outputs: tuple[Path, ...]
    choice: Choice


def configured(
    path: Path, name: str | None, outputs: tuple[Path, ...], choice: Choice
) -> Configured:
    """The source called `name`, or the only one. choice: what the command line says beside it.

    Raises EdgeregError, with the place, for mistakes in the file and for options that belong in it.
    """
    from edgereg.serve.config import read_config

    _refuse_options()
    if outputs:
        raise EdgeregError(
            f"{outputs[0]}: with --config the file names the outputs; write it there"
        )
    config = _chosen(path, read_config(path).sources, name)
    of_file = config.choice()
    told = "reconnect" in config.model_fields_set  # else as without a file: never given up
    options = replace(
        of_file.source,
        reconnect_s=config.reconnect if told else None,
        max_pixels=choice.source.max_pixels,
    )
    merged = replace(
        of_file,
        limit=choice.limit,
        precision=choice.precision,
        blur=choice.blur,
        filters=(*of_file.filters, *choice.filters),
        source=options,
    )
    return Configured(config.source, config.outputs, merged)


def _chosen(path: Path, sources: Mapping[str, SourceConfig], name: str | None) -> SourceConfig:
    if name is None and len(sources) == 1:
        return next(iter(sources.values()))
    known = ", ".join(sources)
    if name is None:
        raise EdgeregError(f"{path}: which of them? edgereg run --config {path.name} NAME: {known}")
    if name in sources:
        return sources[name]
    raise EdgeregError(f"{path}: sources: there is no '{name}'; there are: {known}")


def _refuse_options() -> None:
    """Raise EdgeregError for an option on the command line that the file has a field for."""
    context = click.get_current_context()
    options: dict[str, Any] = {
        each.name: each.opts[0]
        for each in context.command.params
        if isinstance(each, click.Option) and each.name
    }
    for name, option in options.items():
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if given and name not in _BESIDE:
            raise EdgeregError(f"{option} stands beside --config: write it into the file")
