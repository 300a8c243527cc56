"""Models as the user names them: one folder a task, of the precision demanded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgereg.core.errors import ModelFolderError

if TYPE_CHECKING:
    from edgereg.pipeline.loading import LoadedTask


def models_of(folders: Sequence[Path]) -> Mapping[str, Path]:
    """Model folders by the task they were made for.

    Raises ModelFolderError where two are for one task.
    """
    from edgereg.models.folder import load_model

    chosen: dict[str, Path] = {}
    for folder in folders:
        task = load_model(folder).spec.task
        if task in chosen:
            raise ModelFolderError(
                f"{folder}: a second model for task '{task}'; name one model a task"
            )
        chosen[task] = folder
    return chosen


def check_precision(loaded: Sequence[LoadedTask], precision: str) -> None:
    """Raise ModelFolderError where a model has another precision than the one demanded."""
    for task in loaded:
        if task.spec.precision != precision:
            raise ModelFolderError(
                f"{task.model.path}: its precision is {task.spec.precision}, not {precision}; "
                "precision lives in the graph: name a --model exported with it"
            )
