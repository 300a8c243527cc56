"""Errors of regressed values on test data as figures with intervals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edgereg_training.loop.bootstrap import Figure, mean_figure
from edgereg_training.regression.errors import POSE_RANGES, pose_ranges
from edgereg_training.regression.labels import FloatArray, Label

_NOTES = {
    "nll": ("nat", "negative log-likelihood of the targets"),
    "coverage90": ("", "share of targets within the 90 % interval"),
    "nme": ("%", "mean distance over the square root of the landmarks' box"),
}


def score_figures(label: Label, scores: Mapping[str, FloatArray]) -> list[Figure]:
    """A figure of each of `regression_metrics.example_scores`; where there are refined errors also
    'mae_change', their paired difference (negative: refinement helps)."""
    named = dict(scores)
    if "mae_refined" in scores:
        named["mae_change"] = scores["mae_refined"] - scores["mae"]
    return [_figure(name, column, label) for name, column in named.items()]


def _figure(name: str, scores: FloatArray, label: Label) -> Figure:
    kind = name.removesuffix("_refined")
    unit, note = _NOTES.get(kind, (label.targets[0].unit, "mean absolute error"))
    if name == "mae_change":
        note = "refined minus estimate"
    elif name.endswith("_refined"):
        note += ", refined"
    return mean_figure(name, scores, unit, f"{note}; {len(scores)} heads")


def range_figures(
    label: Label, values: FloatArray, refined: FloatArray | None, targets: FloatArray
) -> list[Figure]:
    """Of head pose, within each range that holds any of the targets [N, 3]: the error of the
    estimate, mean over yaw, pitch and roll; where there are refined ones also theirs, and the
    paired difference."""
    figures = []
    for name, inside in pose_ranges(label, targets).items():
        yaw, pitch, roll = (f"{limit:.0f}" for limit in POSE_RANGES[name])
        where = f"|yaw| < {yaw}, |pitch| < {pitch}, |roll| < {roll}; {inside.sum()} heads"
        parts = {"": (_errors(values, targets, inside), "mean error of the estimate")}
        if refined is not None:
            after = _errors(refined, targets, inside)
            parts["_refined"] = after, "mean error refined"
            parts["_change"] = after - parts[""][0], "refined minus estimate"
        figures += [
            mean_figure(f"mae_{name}{end}", column, "degree", f"{note}, {where}")
            for end, (column, note) in parts.items()
        ]
    return figures


def angle_figures(label: Label, refined: FloatArray, targets: FloatArray) -> list[Figure]:
    """Of head pose, the error of each refined angle within the full range, where it holds any."""
    inside = pose_ranges(label, targets).get("full")
    if inside is None:
        return []
    errors = np.abs(refined - targets)[inside]
    return [
        mean_figure(
            f"mae_{target.name}_full_refined",
            column,
            "degree",
            f"mean error of {target.name} refined, full range",
        )
        for target, column in zip(label.targets, errors.T, strict=True)
    ]


def _errors(values: FloatArray, targets: FloatArray, inside: np.ndarray) -> FloatArray:
    found: FloatArray = np.abs(values - targets)[inside].mean(axis=1)
    return found
