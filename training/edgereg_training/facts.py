"""What evaluation, export and model cards know of the models of one task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, TypeAlias

from edgereg.core.errors import EdgeregError
from edgereg_training.loop.errors import RecipeError
from edgereg_training.registry import Kind, find

if TYPE_CHECKING:
    from edgereg.models.folder import ModelFolder
    from edgereg_training.loop.bootstrap import Figure
    from edgereg_training.render.shards import Progress

    # (model folder, folder of test data, progress) -> what the model's graphs achieve on it
    Measure: TypeAlias = Callable[[ModelFolder, Path, Progress], list[Figure]]
    # (model folder, labels, folder of the pictures or None, progress, name of the input size)
    OnPictures: TypeAlias = Callable[[ModelFolder, Path, Path | None, Progress, str], list[Figure]]
    # (folder to keep it in, assets, pictures or None for the usual number, progress) -> test data
    Render: TypeAlias = Callable[[Path, Path | None, int | None, Progress], Path]


@dataclass(frozen=True)
class TaskFacts:
    """purpose: one sentence for the model card; reading: how to read the values; limits: sentences.

    headline: the figure by which models are judged, smaller is better unless `more_is_better`.
    measure, test_data: import paths `module:name` of a `Measure` and of a `Render`, None where
    nothing renders test data and a folder has to be named. pictures: import path of an
    `OnPictures`, None where the task is not measured on labelled pictures. heads: whether test data
    shows people, whose heads want assets.
    """

    purpose: str = ""
    reading: str = ""
    limits: tuple[str, ...] = ()
    headline: str = "mae"
    more_is_better: bool = False
    measure: str = "edgereg_training.regression.evaluation:measure"
    test_data: str | None = None
    pictures: str | None = None
    heads: bool = True

    def measured_by(self) -> Measure:
        """The function that measures a model folder."""
        found: Measure = resolve_name(self.measure)
        return found

    def rendered_by(self) -> Render | None:
        """The function that renders test data, if there is one."""
        if self.test_data is None:
            return None
        found: Render = resolve_name(self.test_data)
        return found

    def measured_on_pictures(self) -> OnPictures | None:
        """The function that measures a model folder on labelled pictures, if there is one."""
        if self.pictures is None:
            return None
        found: OnPictures = resolve_name(self.pictures)
        return found


def facts_of(task: str) -> TaskFacts:
    """The facts of the task that `model.json` names: a training target's or a problem's.

    Raises EdgeregError where no target and no problem has this name.
    """
    kinds: tuple[Kind, ...] = ("targets", "problems")
    for kind in kinds:
        try:
            facts: TaskFacts | None = find(kind, task).facts
        except RecipeError:
            continue
        if facts is not None:
            return facts
    raise EdgeregError(f"nothing is known of the task '{task}': no training target has this name")
