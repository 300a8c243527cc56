"""`edgereg models`: model folders and what was measured on them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgereg.cli.session import Session, pass_session, warn
from edgereg.cli.tables import show_table

if TYPE_CHECKING:
    from edgereg.models.folder import ModelFolder

COLUMNS = ("model", "version", "task", "method", "precision", "graphs", "folder")


@click.command("models")
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path))
@pass_session
def command(session: Session, folders: tuple[Path, ...]) -> int:
    """Check and list models, with what was measured on them.

    FOLDERS: model folders (default: those bundled with the tasks). Every graph's checksum is
    verified; a folder that fails is named and makes the command fail.
    """
    from edgereg.core.errors import ModelFolderError
    from edgereg.models.folder import load_model

    models: list[ModelFolder] = []
    chosen = folders or [task.model for task in session.tasks().values() if task.model]
    for folder in chosen:
        try:
            models.append(load_model(folder))
        except ModelFolderError as error:
            warn(str(error))
    show_table(COLUMNS, [_row(model) for model in models])
    for model in models:
        if model.spec.metrics:
            figures = [(name, f"{value:.4g}") for name, value in model.spec.metrics.items()]
            show_table(("measured", model.spec.name), figures)
    return int(len(models) < len(chosen))


def _row(model: ModelFolder) -> tuple[str, ...]:
    spec = model.spec
    graphs = " ".join(spec.graphs)
    about = (spec.name, spec.version, spec.task, spec.method, spec.precision)
    return (*about, graphs, str(model.path))
