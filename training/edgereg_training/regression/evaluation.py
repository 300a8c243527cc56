"""What a model achieves on labelled data, as figures with intervals.

A model folder runs in the ONNX engine, as on the device; a training folder runs in torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from edgereg.core.tasks import Proposal
from edgereg.engines.onnx import OnnxEngine
from edgereg.models.folder import ModelFolder
from edgereg.pipeline.steps import ascend
from edgereg_training.loop.bootstrap import Figure, mean_figure
from edgereg_training.loop.errors import TrainingError
from edgereg_training.regression.data import load_examples
from edgereg_training.regression.target import FloatArray, TrainingTarget, target_of, with_ranges

if TYPE_CHECKING:
    from edgereg_training.regression.trained import Trained
    from edgereg_training.render.shards import Progress

BATCH = 64


def measure(model: ModelFolder, data: Path, progress: Progress) -> list[Figure]:
    """Errors of a model folder's estimate, refined, and their paired difference; where the target
    has parts, of each. Those of a model without an energy are the same refined.

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
    values, refined = run(model, examples.images, progress)
    if target.parts:
        return part_figures(target, values, refined, examples.targets)
    errors = target.errors(values, examples.targets)
    after = target.errors(refined, examples.targets)
    return score_figures(target, errors | {f"{name}_refined": e for name, e in after.items()})


def measure_trained(trained: Trained, data: Path) -> list[Figure]:
    """Every score of a training's best epoch with its interval; where the method has an energy also
    the paired change by refinement; where the target has parts, also of each."""
    from edgereg_training.regression.scores import example_scores, predict

    options, target = trained.problem.options, trained.problem.target
    examples = load_examples([data], target, options.size, options.crop_scale)
    found = predict(trained.net, examples)
    scores = example_scores(target, found, examples.targets)
    by_part = part_figures(target, found.values, found.refined, examples.targets, by_value=False)
    return score_figures(target, scores) + by_part


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


def run(
    model: ModelFolder, images: npt.NDArray[np.uint8], progress: Progress
) -> tuple[FloatArray, FloatArray]:
    """Estimated and refined values [N, D] of crops [N, S, S, 3]."""
    predict_graph = OnnxEngine(model.graph_path("predict"))
    refine = OnnxEngine(model.graph_path("refine")) if model.has("refine") else None
    settings = model.spec.refinement
    values, refined = [], []
    for start in range(0, len(images), BATCH):
        outputs = predict_graph.run({predict_graph.inputs[0]: images[start : start + BATCH]})
        found: FloatArray = outputs["values"]
        values.append(found)
        if refine is not None and settings is not None:
            features = {name: outputs[name] for name in model.spec.features}
            begun = Proposal(found[:, None], np.ones((len(found), 1), np.float32), features)
            found = ascend(refine, begun, settings, settings.steps).final
        refined.append(found)
        progress(min(start + BATCH, len(images)), len(images))
    return np.concatenate(values), np.concatenate(refined)


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
