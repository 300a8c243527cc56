"""`edgereg export`: a checkpoint becomes a model folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edgereg_training.bootstrap import Figure

    from edgereg.models.folder import ModelFolder
    from edgereg_exporters.model_folder import Exported


@click.command("export")
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--name", help="The model's name (default: the name of OUT).")
@click.option("--version", "version", default="1", show_default=True, help="The model's version.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Rendered test shards: measure the model on them, and write the figures into it.",
)
@click.option("--force", is_flag=True, help="Replace the model folder OUT.")
def command(
    checkpoint: Path, out: Path, name: str | None, version: str, data: Path | None, force: bool
) -> None:
    """Write the model folder OUT from CHECKPOINT (a training or a checkpoint folder).

    Every graph is compared with torch on the same inputs; over the bound nothing is written.
    """
    from edgereg_exporters.errors import ExportError

    try:
        from edgereg_exporters.model_folder import Description, export_model
    except ImportError as error:
        raise ExportError(
            f"{error.name} is not installed; exporting needs edgereg[export,train]"
        ) from error
    from rich.console import Console

    with Console(stderr=True).status(f"Exporting {checkpoint}"):
        done = export_model(
            checkpoint,
            out,
            Description(name or out.resolve().name, version),
            force=force,
            measure=None if data is None else _measurement(data),
        )
    _show(done)


def _measurement(data: Path) -> Callable[[ModelFolder], Sequence[Figure]]:
    def measure(model: ModelFolder) -> Sequence[Figure]:
        from edgereg_training.evaluations import evaluation_of, measure_of

        return measure_of(evaluation_of(model.spec.task))(model, data)

    return measure


def _show(done: Exported) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("graph", "nodes", "output", "largest difference from torch", "of its range")
    for d in done.differences:
        nodes = str(done.nodes[d.graph])
        table.add_row(d.graph, nodes, d.output, f"{d.largest:.2e}", f"{d.relative:.1e}")
    console = Console()
    console.print(table)
    console.print(f"Wrote {done.folder.path}", soft_wrap=True)
