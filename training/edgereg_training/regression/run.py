"""What a training folder of the problem `regression` achieves on rendered heads, in torch."""

from __future__ import annotations

from pathlib import Path

from edgereg_training.loop.bootstrap import Figure
from edgereg_training.loop.checkpoint import best_checkpoint, load_weights, read_checkpoint
from edgereg_training.loop.errors import CheckpointError
from edgereg_training.loop.recipe import Recipe
from edgereg_training.regression.data import load_examples
from edgereg_training.regression.figures import range_figures, score_figures
from edgereg_training.regression.metrics import example_scores, predict
from edgereg_training.regression.net import RegressionNet
from edgereg_training.regression.problem import RegressionProblem, problem


def load_regression(folder: Path) -> tuple[RegressionNet, RegressionProblem, Recipe]:
    """The network of a training or checkpoint folder, in evaluation mode, its problem and recipe.

    Raises CheckpointError where it is of another problem or not whole.
    """
    checkpoint = read_checkpoint(best_checkpoint(folder))
    recipe = checkpoint.recipe
    if recipe.problem != "regression":
        raise CheckpointError(
            f"{folder}: a run of '{recipe.problem}'; export it (edgereg export) and evaluate the "
            "model folder"
        )
    made = problem(recipe)
    net = made.build()
    assert isinstance(net, RegressionNet)  # noqa: S101  (built by this problem)
    load_weights(net, checkpoint.weights)
    return net.eval(), made, recipe


def measure_run(folder: Path, data: Path) -> list[Figure]:
    """Every score of `regression_metrics.example_scores` with its interval; where the method has
    an energy also the paired change by refinement; of head pose also by range of the pose."""
    net, made, _ = load_regression(folder)
    options, label = made.options, made.label
    examples = load_examples([data], label, options.size, options.crop_scale)
    found = predict(net, examples)
    figures = score_figures(label, example_scores(label, found, examples.targets))
    return figures + range_figures(label, found.values, found.refined, examples.targets)
