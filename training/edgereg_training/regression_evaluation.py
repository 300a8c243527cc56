"""What a training folder of the problem `regression` achieves on rendered heads, in torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgereg_training.bootstrap import Figure, mean_figure
from edgereg_training.checkpoint import best_checkpoint, load_weights, read_checkpoint
from edgereg_training.errors import CheckpointError
from edgereg_training.headpose_evaluation import RANGES, range_figures
from edgereg_training.recipe import Recipe
from edgereg_training.regression import RegressionProblem, problem
from edgereg_training.regression_data import load_examples
from edgereg_training.regression_labels import Label
from edgereg_training.regression_metrics import Predictions, example_scores, predict
from edgereg_training.regression_net import RegressionNet

_NOTES = {
    "nll": ("nat", "negative log-likelihood of the targets"),
    "coverage90": ("", "share of targets within the 90 % interval"),
    "nme": ("%", "mean distance over the square root of the landmarks' box"),
}


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
    options = made.options
    examples = load_examples([data], made.label, options.size, options.crop_scale)
    predictions = predict(net, examples)
    figures = [
        _figure(name, scores, made.label, len(examples))
        for name, scores in _scores(made.label, predictions, examples.targets).items()
    ]
    if made.label.kind != "pose":
        return figures
    refined = predictions.values if predictions.refined is None else predictions.refined
    for name in RANGES:
        found = range_figures(name, predictions.values, refined, examples.targets)
        figures += found if predictions.refined is not None else found[:1]
    return figures


def _scores(label: Label, predictions: Predictions, targets: np.ndarray) -> dict[str, np.ndarray]:
    scores = example_scores(label, predictions, targets)
    if predictions.refined is not None:
        scores["mae_change"] = scores["mae_refined"] - scores["mae"]
    return scores


def _figure(name: str, scores: np.ndarray, label: Label, count: int) -> Figure:
    kind = name.removesuffix("_refined")
    unit, note = _NOTES.get(kind, (label.targets[0].unit, "mean absolute error"))
    if name == "mae_change":
        note = "refined minus estimate"
    elif name.endswith("_refined"):
        note += ", refined"
    return mean_figure(name, scores, unit, f"{note}; {count} heads")
