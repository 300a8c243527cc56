"""What edgereg loads: the commands train, evaluate and render."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgereg.api import hookimpl

if TYPE_CHECKING:
    import click


@hookimpl
def edgereg_commands() -> list[click.Command]:
    """`edgereg train`, `edgereg evaluate` and `edgereg render`."""
    from edgereg_training.commands import evaluate, render, train

    return [train.command, evaluate.command, render.command]
