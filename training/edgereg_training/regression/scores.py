"""What a regression network achieves on crops: errors, likelihood and coverage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from edgereg.core.arrays import FloatArray
from edgereg_training.regression.data import Examples
from edgereg_training.regression.net import RegressionNet
from edgereg_training.regression.target import TrainingTarget

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
    values, refined, log_prob, covered = [], [], [], []
    for start in range(0, len(examples), BATCH):
        part = examples.take(np.arange(start, min(start + BATCH, len(examples))))
        with torch.no_grad():
            features = net.extract(torch.from_numpy(part.images))
            targets = torch.from_numpy(part.targets).to(features.device)
            found = net.head.value(features)
            density = net.head.density(features)
            low, high = density.interval(COVERAGE)
            refinement = net.head.refine(features, found)
        values.append(found.float().cpu())
        log_prob.append(density.log_prob(targets[:, None])[:, 0].detach().float().cpu())
        covered.append(((low <= targets) & (targets <= high)).float().cpu())
        if refinement is not None:
            refined.append(refinement.trajectory[:, -1].detach().float().cpu())
    return Predictions(
        torch.cat(values).numpy(),
        torch.cat(refined).numpy() if refined else None,
        torch.cat(log_prob).numpy(),
        torch.cat(covered).numpy(),
    )


def predict_values(net: RegressionNet, examples: Examples) -> FloatArray:
    """Only the values [N, D], before refinement."""
    net.eval()
    with torch.no_grad():
        parts = [
            net.value(torch.from_numpy(examples.images[start : start + BATCH])).float().cpu()
            for start in range(0, len(examples), BATCH)
        ]
    found: FloatArray = torch.cat(parts).numpy()
    return found


def example_scores(
    target: TrainingTarget, predictions: Predictions, truth: FloatArray
) -> dict[str, FloatArray]:
    """All scores of each example, by name: the target's errors, those of refined values with the
    suffix '_refined', 'nll' and 'coverage90' (share of the numbers in their intervals)."""
    scores = target.errors(predictions.values, truth)
    if predictions.refined is not None:
        refined = target.errors(predictions.refined, truth)
        scores |= {f"{name}_refined": column for name, column in refined.items()}
    scores["nll"] = -predictions.log_prob
    scores["coverage90"] = predictions.covered.mean(axis=1)
    return scores


def mean_scores(
    target: TrainingTarget, scores: dict[str, FloatArray], truth: FloatArray
) -> dict[str, float]:
    """The means of `example_scores`; of the target's parts also 'mae_<part>'."""
    found = {name: float(column.mean()) for name, column in scores.items()}
    for part, inside in target.parts_of(truth).items():
        for end in ("", "_refined") if "mae_refined" in scores else ("",):
            found[f"mae_{part.name}{end}"] = float(scores[f"mae{end}"][inside].mean())
    return found
