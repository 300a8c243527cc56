"""What edgereg loads: the command export."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgereg.api import hookimpl

if TYPE_CHECKING:
    import click


@hookimpl
def edgereg_commands() -> list[click.Command]:
    """`edgereg export` (torch and onnx are imported only when it runs)."""
    from edgereg_exporters.command import command

    return [command]
