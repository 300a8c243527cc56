"""Head detection: an anchor-free network, an energy over boxes, data, losses, evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgereg_training.problem import Problem
    from edgereg_training.recipe import Recipe


def problem(recipe: Recipe) -> Problem:
    """The training problem of a recipe (torch is imported only now)."""
    from edgereg_training.detection.problem import detection_problem

    return detection_problem(recipe)
