"""Average precision of a model folder on rendered scenes, through the ONNX engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import FloatArray
from edgereg.core.frames import Frame
from edgereg.core.predictions import NORMAL_90, Predictions
from edgereg.core.scores import asked_scores
from edgereg.core.tasks import is_step_task
from edgereg.engines.base import Engine
from edgereg.engines.onnx import OnnxEngine
from edgereg.models.folder import ModelFolder
from edgereg.pipeline.refining import ascend, with_spread
from edgereg_training.detection.average_precision import (
    Matches,
    PictureResult,
    average_precision,
    match,
)
from edgereg_training.detection.calibration import on_labels
from edgereg_training.detection.objects import evaluation as objects
from edgereg_training.detection.scene import Scene
from edgereg_training.detection.scenes import Judged, load_scenes
from edgereg_training.loop.bootstrap import Figure, figure, mean_figure
from edgereg_training.loop.errors import TrainingError
from edgereg_training.registry import installed_plugins

if TYPE_CHECKING:
    from edgereg_training.render.shards import Progress

# Name, what it is, and the IoU thresholds over which average precision is averaged.
MEASURES: tuple[tuple[str, str, tuple[float, ...]], ...] = (
    ("ap50", "average precision at IoU 0.5", (0.5,)),
    ("ap75", "average precision at IoU 0.75", (0.75,)),
    ("ap", "average precision over IoU 0.5 to 0.95", tuple(0.5 + 0.05 * k for k in range(10))),
)
RESAMPLES = 1000
# More candidates than any model has.
MOST = 10000
# Heads that the usual figures are about: at least half of them is seen, both sides 12 px or more.
CLEAR = Judged(visible=0.5, side=12.0)


def measure(model: ModelFolder, data: Path, progress: Progress) -> list[Figure]:
    """AP50, AP75 and AP with and without refinement, and the paired differences, over all scores.

    On heads that are clearly seen (`CLEAR`), and refined on all but hardly visible ones as well;
    of a model with classes see `objects.evaluation.measure`.
    Intervals are over scenes; a difference is of both results on the same resampled scenes. Where
    the model tells how sure its boxes are, also the coverage of their 90 % intervals.
    """
    if model.spec.classes:
        return objects.measure(model, data, progress)
    every = load_scenes([data]).scenes
    clear = load_scenes([data], CLEAR).scenes
    found, refined, deviations = run(model, every, progress)
    judged = _judged(refined, clear)
    gains = _gains(_judged(found, clear), judged)
    return gains + _of_all(refined) + _coverage(judged, deviations)


def _judged(results: list[PictureResult], scenes: Sequence[Scene]) -> list[PictureResult]:
    """The same detections, judged by the heads that `scenes` do not ignore."""
    pairs = zip(results, scenes, strict=True)
    return [replace(result, ignored=scene.ignored) for result, scene in pairs]


def _gains(before: list[PictureResult], after: list[PictureResult]) -> list[Figure]:
    figures = []
    for name, title, ious in MEASURES:
        share = 1 / len(ious)
        plain = [(share, match(before, iou)) for iou in ious]
        refined = [(share, match(after, iou)) for iou in ious]
        gain = refined + [(-weight, matches) for weight, matches in plain]
        figures.append(_figure(name, title, plain))
        figures.append(_figure(f"{name}_refined", f"{title}, refined", refined))
        figures.append(_figure(f"{name}_gain", f"{title}: refined minus estimated", gain))
    return figures


def _of_all(after: list[PictureResult]) -> list[Figure]:
    included = "refined, small and mostly hidden heads included"
    return [
        _figure(f"{name}_all_refined", f"{title}, {included}", [(1.0, match(after, *ious))])
        for name, title, ious in MEASURES
        if len(ious) == 1
    ]


def _deviations(spread: Engine, found: Predictions, scene: Scene, model: ModelFolder) -> FloatArray:
    """Standard deviations [K, 4] of the boxes with the scores that the model asks, else NaN."""
    longer = max(scene.image.shape[:2])
    sure = found.scores >= asked_scores(found.values, longer, model.spec.settings, 0.0)
    std = np.full(found.values.shape, np.nan, np.float32)
    if sure.any():
        std[sure] = with_spread(spread, found.select(sure)).std
    return std


def _coverage(
    results: list[PictureResult],
    deviations: list[FloatArray | None],
) -> list[Figure]:
    """The share of the edges of true boxes within the 90 % intervals of what lies on them."""
    inside = []
    for result, std in zip(results, deviations, strict=True):
        if std is None:
            continue
        sure = np.flatnonzero(np.isfinite(std).all(axis=1))
        rows, labels = on_labels(result.boxes[sure], result.truth, result.ignored)
        error = np.abs(result.boxes[sure[rows]] - result.truth[labels])
        inside.append(error <= NORMAL_90 * std[sure[rows]])
    held = np.concatenate(inside) if inside else np.zeros((0, 4), bool)
    if not len(held):
        return []
    note = f"of the edges' 90 % intervals, {len(held)} boxes of the model's own scores"
    edges = zip(("x1", "y1", "x2", "y2"), held.T, strict=True)
    return [mean_figure("coverage90", held.mean(axis=1), "", note)] + [
        mean_figure(f"coverage90_{name}", column, "", note) for name, column in edges
    ]


def run(
    model: ModelFolder, scenes: Sequence[Scene], progress: Progress
) -> tuple[list[PictureResult], list[PictureResult], list[FloatArray | None]]:
    """Detections of scenes by the task that runs on the device, estimated and refined, and how sure
    the refined boxes that count at run time are [K, 4], where the model tells.

    All scores count, so neither a threshold nor a limit is applied. Without a `refine` graph both
    are the same.
    """
    task = installed_plugins().tasks()[model.spec.task]
    if is_step_task(task):
        raise TrainingError(f"task '{task.name}' looks at whole clips, not at single pictures")
    everything = {"score_threshold": 0.0, "max_candidates": MOST}
    spec = model.spec.model_copy(update={"settings": {**model.spec.settings, **everything}})
    predict = OnnxEngine(model.graph_path("predict"), threads=1)
    refine = OnnxEngine(model.graph_path("refine"), threads=1) if model.has("refine") else None
    spread = OnnxEngine(model.graph_path("spread"), threads=1) if model.has("spread") else None
    results: tuple[list[PictureResult], list[PictureResult]] = ([], [])
    deviations: list[FloatArray | None] = []
    for done, scene in enumerate(scenes, start=1):
        prepared = task.prepare(Frame(done - 1, 0.0, scene.image), None, spec)
        outputs = predict.run({predict.inputs[0]: prepared.images})
        proposal = task.propose(outputs, prepared, spec)
        climbed = None
        if refine is not None and spec.refinement is not None:
            climbed = ascend(refine, proposal, spec.refinement, spec.refinement.steps)
        for part, refinement in zip(results, (None, climbed), strict=True):
            found = task.conclude(proposal, refinement, prepared, spec)
            part.append(PictureResult(found.values, found.scores, scene.boxes, scene.ignored))
        deviations.append(None if spread is None else _deviations(spread, found, scene, model))
        progress(done, len(scenes))
    return *results, deviations


def _figure(name: str, note: str, terms: list[tuple[float, Matches]]) -> Figure:
    """A weighted sum of average precisions of the same scenes, in [-1, 1]."""
    count = len(terms[0][1].heads)

    def statistic(drawn: npt.NDArray[np.int64]) -> float:
        counts = np.bincount(drawn, minlength=count).astype(np.float64)
        return sum(weight * average_precision(each, counts) for weight, each in terms)

    return figure(name, count, statistic, resamples=RESAMPLES, note=note)
