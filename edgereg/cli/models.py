"""`edgereg models`: model folders and what was measured on them."""

from __future__ import annotations

from pathlib import Path

import click

from edgereg.cli.session import Session, pass_session, warn
from edgereg.cli.tables import show_table

COLUMNS = ("model", "version", "task", "method", "precision", "graphs", "metrics", "folder")


@click.command("models")
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path))
@pass_session
def command(session: Session, folders: tuple[Path, ...]) -> int:
    """Check and list models.

    FOLDERS: model folders (default: those bundled with the tasks). Every graph's checksum is
    verified; a folder that fails is named and makes the command fail.
    """
    from edgereg.errors import ModelFolderError

    rows, failed = [], False
    for folder in folders or [task.model for task in session.tasks().values()]:
        try:
            rows.append(_row(folder))
        except ModelFolderError as error:
            failed = True
            warn(str(error))
    show_table(COLUMNS, rows)
    return int(failed)


def _row(folder: Path) -> tuple[str, ...]:
    from edgereg.models.folder import load_model

    spec = load_model(folder).spec
    metrics = ", ".join(f"{name} {value:g}" for name, value in spec.metrics.items())
    graphs = " ".join(spec.graphs)
    return (
        spec.name,
        spec.version,
        spec.task,
        spec.method,
        spec.precision,
        graphs,
        metrics,
        str(folder),
    )
