"""The problems that a recipe can name, found without importing torch until one is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from edgereg_training.loop.errors import RecipeError

if TYPE_CHECKING:
    from edgereg_training.loop.problem import Problem
    from edgereg_training.loop.recipe import Recipe

PROBLEMS = {
    "detection": "edgereg_training.detection.problem:detection_problem",
    "regression": "edgereg_training.regression.problem:problem",
}

# Their batches stay on the CPU.
CPU_ONLY = {"detection"}


def problem_of(recipe: Recipe) -> Problem:
    """The recipe's problem with its options; raises RecipeError where it does not exist."""
    if recipe.problem not in PROBLEMS:
        known = ", ".join(sorted(PROBLEMS))
        raise RecipeError(f"unknown problem '{recipe.problem}' in the recipe (known: {known})")
    if recipe.problem in CPU_ONLY and recipe.accelerator != "cpu":
        raise RecipeError(f"problem '{recipe.problem}' trains on 'accelerator: cpu' only")
    module, function = PROBLEMS[recipe.problem].split(":")
    made: Problem = getattr(import_module(module), function)(recipe)
    return made
