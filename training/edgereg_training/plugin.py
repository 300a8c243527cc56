"""What edgereg loads: the commands train, evaluate, render and reproduce."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgereg.api import hookimpl

if TYPE_CHECKING:
    import click


@hookimpl
def edgereg_commands() -> list[click.Command]:
    """`edgereg train`, `edgereg evaluate`, `edgereg render` and `edgereg reproduce`."""
    from edgereg_training.commands import evaluate, render, reproduce, train

    return [train.command, evaluate.command, render.command, reproduce.command]
