"""What a regression network achieves on crops: errors, likelihood and coverage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from edgereg_training.regression.data import Examples
from edgereg_training.regression.errors import example_errors, pose_ranges
from edgereg_training.regression.labels import FloatArray, Label
from edgereg_training.regression.net import RegressionNet

COVERAGE = 0.9
BATCH = 256


@dataclass(frozen=True)
class Predictions:
    """Of N examples: values [N, D]; refined [N, D] where the method has an energy, else None;
    log_prob [N] of the true targets; covered bool [N, D]: within the 90 % interval."""

    values: FloatArray
    refined: FloatArray | None
    log_prob: FloatArray
    covered: FloatArray


def predict(net: RegressionNet, examples: Examples) -> Predictions:
    """Predict crops without a margin, in parts of BATCH, in evaluation mode."""
    net.eval()
    parts = [
        _predict(net, examples.take(np.arange(start, min(start + BATCH, len(examples)))))
        for start in range(0, len(examples), BATCH)
    ]
    values, refined, log_prob, covered = zip(*parts, strict=True)
    climbed = None if refined[0] is None else torch.cat(refined).numpy()
    joined = (torch.cat(column).numpy() for column in (log_prob, covered))
    return Predictions(torch.cat(values).numpy(), climbed, *joined)


def _predict(
    net: RegressionNet, examples: Examples
) -> tuple[Tensor, Tensor | None, Tensor, Tensor]:
    with torch.no_grad():
        features = net.extract(torch.from_numpy(examples.images))
        targets = torch.from_numpy(examples.targets).to(features.device)
        values = net.head.value(features)
        density = net.head.density(features)
        log_prob = density.log_prob(targets[:, None])[:, 0]
        low, high = density.interval(COVERAGE)
        refinement = net.head.refine(features, values)
    covered = ((low <= targets) & (targets <= high)).float()
    refined = None if refinement is None else refinement.trajectory[:, -1].detach().float().cpu()
    return values.float().cpu(), refined, log_prob.float().cpu(), covered.cpu()


def example_scores(
    label: Label, predictions: Predictions, targets: FloatArray
) -> dict[str, FloatArray]:
    """All scores of each example, by name: those of `example_errors`, of refined values with the
    suffix '_refined', 'nll' and 'coverage90' (share of targets in their intervals)."""
    scores = example_errors(label, predictions.values, targets)
    if predictions.refined is not None:
        refined = example_errors(label, predictions.refined, targets)
        scores |= {f"{name}_refined": column for name, column in refined.items()}
    scores["nll"] = -predictions.log_prob
    scores["coverage90"] = predictions.covered.mean(axis=1)
    return scores


def metrics(label: Label, predictions: Predictions, targets: FloatArray) -> dict[str, float]:
    """The means of `example_scores`; of head pose also 'mae_usual' and so on, for each range."""
    scores = example_scores(label, predictions, targets)
    found = {name: float(column.mean()) for name, column in scores.items()}
    for name, inside in pose_ranges(label, targets).items():
        for end in ("", "_refined") if "mae_refined" in scores else ("",):
            found[f"mae_{name}{end}"] = float(scores[f"mae{end}"][inside].mean())
    return found
