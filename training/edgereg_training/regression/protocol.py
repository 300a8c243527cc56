"""The field's own scores on its data sets: errors over the set's length, within so many years, by
subset of the test protocol; beside what `evaluation` measures on any data.

`nme_set`: mean distance of the points over the set's length, per cent; `fr10`: per cent of faces
beyond 10 %; `auc10`: area below the curve of faces against nme_set up to 10 %, 0..1. `cs5`: per
cent of ages within five years. `mae_300w_lp`: of head poses in 300W-LP's angles, which the papers'
errors on 300W-LP and AFLW2000-3D are in.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgereg.core.arrays import FloatArray
from edgereg_training.data.angles import to_300w_lp
from edgereg_training.loop.bootstrap import Figure, mean_figure
from edgereg_training.regression.target import ImagePoints, Mask, TrainingTarget
from edgereg_training.render.shards import iter_shards, read_manifest

FAILURE = 10.0
YEARS = 5.0
TURNED = ("300w-lp", "aflw2000")
# name, unit, note, scores [N]; whether it is given by subset as well
Score = tuple[str, str, str, FloatArray, bool]


def protocol_figures(
    target: TrainingTarget,
    data: Path,
    values: FloatArray,
    truth: FloatArray,
    size: int,
    crop_scale: float,
) -> list[Figure]:
    """The figures of a data set's crops (see `data.cache`), none of other shards. values, truth:
    [N, D] in crops of side `size` px, of `crop_scale` times the box."""
    manifest = read_manifest(data)
    if manifest.get("kind") != "pictures":
        return []
    name = str(manifest["set"])
    scores = _of_points(data, values, truth, size, crop_scale) if _has_points(target) else []
    if target.label == "age":
        near = (np.abs(values - truth)[:, 0] <= YEARS).astype(np.float32) * 100
        scores.append(("cs5", "%", "ages within five years", near, False))
    if target.label == "pose" and name in TURNED:
        turned = np.abs(to_300w_lp(values) - to_300w_lp(truth)).mean(axis=1)
        note = "mean absolute error in 300W-LP's angles"
        scores.append(("mae_300w_lp", "degree", note, turned.astype(np.float32), True))
    if not any(by_subset for *_, by_subset in scores):
        error = np.abs(values - truth).mean(axis=1)
        note = "mean absolute error"
        scores.append(("mae_set", target.values[0].unit, note, error, True))
    figures = []
    subsets = _subsets(data, manifest["subsets"])
    for title, unit, note, column, by_subset in scores:
        figures.append(mean_figure(title, column, unit, f"{note}; {name}, {len(column)} examples"))
        if by_subset:
            figures += [
                mean_figure(
                    f"{title}_{subset}", column[mask], unit, f"{note}; {mask.sum()} of {subset}"
                )
                for subset, mask in subsets.items()
            ]
    return figures


def _has_points(target: TrainingTarget) -> bool:
    return isinstance(target.geometry, ImagePoints)


def _of_points(
    data: Path, values: FloatArray, truth: FloatArray, size: int, crop_scale: float
) -> list[Score]:
    """Of points whose set gives a length for every face."""
    length = _lengths(data, size, crop_scale)
    if not np.isfinite(length).all():
        return []
    points = truth.reshape(len(truth), -1, 2)
    distance = np.linalg.norm(values.reshape(points.shape) - points, axis=2).mean(axis=1)
    error = (100 * distance / length).astype(np.float32)
    below = np.maximum(0, 1 - error / FAILURE)
    beyond = (error > FAILURE).astype(np.float32) * 100
    return [
        ("nme_set", "%", "mean distance over the set's length", error, True),
        ("fr10", "%", "faces beyond 10 % of the set's length", beyond, True),
        ("auc10", "", "area below the curve up to 10 %", below.astype(np.float32), True),
    ]


def _lengths(data: Path, size: int, crop_scale: float) -> FloatArray:
    """The set's lengths [N] in px of the crops: the cache keeps them in px of its pictures."""
    found = []
    for shard in iter_shards(data):
        sides = shard["box"][:, 2:] - shard["box"][:, :2]
        found.append(shard["reference"] * size / (crop_scale * sides.max(axis=1)))
    return np.concatenate(found).astype(np.float32)


def _subsets(data: Path, names: list[str]) -> dict[str, Mask]:
    masks = {
        name: np.concatenate([shard[f"subset_{name}"] for shard in iter_shards(data)])
        for name in names
    }
    return {name: mask for name, mask in masks.items() if mask.any()}
