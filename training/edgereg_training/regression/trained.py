"""A regression network that `edgereg train` has written: the best epoch's, with its problem."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgereg_training.loop.checkpoint import load_best
from edgereg_training.loop.errors import CheckpointError
from edgereg_training.loop.recipe import Recipe
from edgereg_training.regression.net import RegressionNet
from edgereg_training.regression.problem import RegressionProblem, problem


@dataclass(frozen=True)
class Trained:
    """net: in evaluation mode, its weights need no gradient."""

    net: RegressionNet
    problem: RegressionProblem
    recipe: Recipe


def load_trained(folder: Path) -> Trained:
    """The network of a training or checkpoint folder.

    Raises CheckpointError where it is of another problem or not whole.
    """

    def build(recipe: Recipe) -> RegressionNet:
        if recipe.problem != "regression":
            raise CheckpointError(
                f"{folder}: a run of '{recipe.problem}'; export it (edgereg export) and evaluate "
                "the model folder"
            )
        return problem(recipe).build()

    net, recipe = load_best(folder, build)
    return Trained(net, problem(recipe), recipe)
