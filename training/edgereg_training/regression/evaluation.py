"""What a model achieves on labelled data, as figures with intervals.

A model folder runs in the ONNX engine, as on the device; a training folder runs in torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import FloatArray
from edgereg.core.tasks import Proposal
from edgereg.engines.onnx import OnnxEngine
from edgereg.models.folder import ModelFolder
from edgereg.pipeline.refining import ascend
from edgereg_training.loop.bootstrap import Figure, mean_figure
from edgereg_training.loop.errors import TrainingError
from edgereg_training.regression.data import load_examples
from edgereg_training.regression.protocol import protocol_figures
from edgereg_training.regression.target import MOST_NAMED, TrainingTarget, target_of, with_ranges

if TYPE_CHECKING:
    from edgereg_training.regression.trained import Trained
    from edgereg_training.render.shards import Progress

BATCH = 64


@dataclass(frozen=True)
class Answers:
    """What a model says of N crops: estimated and refined values [N, D], and the ends [N, D, 2] of
    its 90 % intervals, None where its graph gives none."""

    values: FloatArray
    refined: FloatArray
    intervals: FloatArray | None


def measure(model: ModelFolder, data: Path, progress: Progress) -> list[Figure]:
    """Errors of a model folder's estimate, refined, and their paired difference; where the target
    has parts, of each. Those of a model without an energy are the same refined. Also how much of
    the truth its 90 % intervals hold.

    On photographs, and of models that learnt from them: `faces.evaluation.measure`.
    """
    from edgereg_training.faces.evaluation import is_photographs, measure_faces

    spec = model.spec
    if spec.input.crop_top or is_photographs(data):
        return measure_faces(model, data, progress)
    size = spec.input.width
    if size is None:
        raise TrainingError(f"{model.path}: a model of '{spec.task}' must have a fixed input size")
    target = target_of_model(model, size)
    examples = load_examples([data], target, size, spec.input.crop_scale)
    found = run(model, examples.images, progress)
    held = coverage_figures(target, found.intervals, examples.targets) + protocol_figures(
        target, data, found.refined, examples.targets, size, spec.input.crop_scale
    )
    if target.parts:
        return part_figures(target, found.values, found.refined, examples.targets) + held
    errors = target.errors(found.values, examples.targets)
    after = target.errors(found.refined, examples.targets)
    scores = errors | {f"{name}_refined": e for name, e in after.items()}
    return score_figures(target, scores) + held


def coverage_figures(
    target: TrainingTarget, intervals: FloatArray | None, truth: FloatArray
) -> list[Figure]:
    """The share of true numbers [N, D] within the 90 % intervals [N, D, 2]: of all numbers, and of
    each where they are few; over the examples of the part that is scored by value, if there is
    one."""
    if intervals is None:
        return []
    parts = [mask for part, mask in target.parts_of(truth).items() if part.by_value]
    chosen = parts[0] if parts else np.ones(len(truth), np.bool_)
    inside = (intervals[..., 0] <= truth) & (truth <= intervals[..., 1])
    held = inside[chosen].astype(np.float32)
    note = f"share of the truth within the 90 % interval; {len(held)} examples"
    figures = [mean_figure("coverage90", held.mean(axis=1), "", note)]
    if 1 < len(target.values) <= MOST_NAMED:
        figures += [
            mean_figure(f"coverage90_{value.name}", column, "", note)
            for value, column in zip(target.values, held.T, strict=True)
        ]
    return figures


def measure_trained(trained: Trained, data: Path) -> list[Figure]:
    """Every score of a training's best epoch with its interval; where the method has an energy also
    the paired change by refinement; where the target has parts, also of each."""
    from edgereg_training.regression.scores import example_scores, predict

    options, target = trained.problem.options, trained.problem.target
    examples = load_examples([data], target, options.size, options.crop_scale)
    found = predict(trained.net, examples)
    scores = example_scores(target, found, examples.targets)
    by_part = part_figures(target, found.values, found.refined, examples.targets, by_value=False)
    final = found.values if found.refined is None else found.refined
    own = protocol_figures(target, data, final, examples.targets, options.size, options.crop_scale)
    return score_figures(target, scores) + by_part + own


def target_of_model(model: ModelFolder, size: int) -> TrainingTarget:
    """The training target of a model folder, with the ranges that the model was trained on.

    Raises RecipeError where no target has the name of its task, TrainingError where its numbers
    are others.
    """
    spec = model.spec
    points = {"points": len(spec.targets) // 2} if spec.task == "landmarks" else {}
    target = target_of({"name": spec.task, **points}, size)
    names = [value.name for value in spec.targets]
    if names != [value.name for value in target.values]:
        raise TrainingError(f"{model.path}: its numbers are not those of target '{spec.task}'")
    return with_ranges(target, {value.name: (value.low, value.high) for value in spec.targets})


def run(model: ModelFolder, images: npt.NDArray[np.uint8], progress: Progress) -> Answers:
    """What a model says of crops [N, S, S, 3]."""
    predict_graph = OnnxEngine(model.graph_path("predict"))
    refine = OnnxEngine(model.graph_path("refine")) if model.has("refine") else None
    settings = model.spec.refinement
    values, refined, intervals = [], [], []
    for start in range(0, len(images), BATCH):
        outputs = predict_graph.run({predict_graph.inputs[0]: images[start : start + BATCH]})
        found: FloatArray = outputs["values"]
        values.append(found)
        if "interval" in outputs:
            intervals.append(outputs["interval"])
        if refine is not None and settings is not None:
            features = {name: outputs[name] for name in model.spec.features}
            begun = Proposal(found[:, None], np.ones((len(found), 1), np.float32), features)
            found = ascend(refine, begun, settings, settings.steps).final
        refined.append(found)
        progress(min(start + BATCH, len(images)), len(images))
    ends = np.concatenate(intervals) if intervals else None
    return Answers(np.concatenate(values), np.concatenate(refined), ends)


def score_figures(target: TrainingTarget, scores: Mapping[str, FloatArray]) -> list[Figure]:
    """A figure of each score of the examples [N]; where there are refined errors also 'mae_change',
    their paired difference (negative: refinement helps)."""
    known = {
        "nll": ("nat", "negative log-likelihood of the targets"),
        "coverage90": ("", "share of targets within the 90 % interval"),
    } | {metric.name: (metric.unit, metric.note) for metric in target.metrics}
    named = dict(scores)
    if "mae_refined" in scores:
        named["mae_change"] = scores["mae_refined"] - scores["mae"]
    figures = []
    for name, column in named.items():
        usual = (target.values[0].unit, "mean absolute error")
        unit, note = known.get(name.removesuffix("_refined"), usual)
        if name == "mae_change":
            note = "refined minus estimate"
        elif name.endswith("_refined"):
            note += ", refined"
        figures.append(mean_figure(name, column, unit, f"{note}; {len(column)} examples"))
    return figures


def part_figures(
    target: TrainingTarget,
    values: FloatArray,
    refined: FloatArray | None,
    truth: FloatArray,
    by_value: bool = True,
) -> list[Figure]:
    """Within each part that holds any of the targets [N, D]: the error of the estimate, mean over
    the numbers; where there are refined ones also theirs, and the paired difference; and, with
    `by_value`, the refined error of each number in the parts that ask for it."""
    unit = target.values[0].unit
    parts = target.parts_of(truth)
    figures = []
    for part, inside in parts.items():
        where = f"{part.note}; {inside.sum()} examples"
        before = np.abs(values - truth)[inside].mean(axis=1)
        columns = {"": (before, "mean error of the estimate")}
        if refined is not None:
            after = np.abs(refined - truth)[inside].mean(axis=1)
            columns["_refined"] = after, "mean error refined"
            columns["_change"] = after - before, "refined minus estimate"
        figures += [
            mean_figure(f"mae_{part.name}{end}", column, unit, f"{note}, {where}")
            for end, (column, note) in columns.items()
        ]
    if refined is None or not by_value:
        return figures
    for part, inside in parts.items():
        if part.by_value:
            errors = np.abs(refined - truth)[inside].T
            figures += [
                mean_figure(
                    f"mae_{value.name}_{part.name}_refined",
                    column,
                    unit,
                    f"mean error of {value.name} refined, {part.name} range",
                )
                for value, column in zip(target.values, errors, strict=True)
            ]
    return figures
