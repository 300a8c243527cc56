"""COCO's average precision of a model folder with classes, through the ONNX engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgereg.core.geometry import letterbox
from edgereg.core.tasks import Proposal
from edgereg.engines.onnx import OnnxEngine
from edgereg.models.folder import ModelFolder
from edgereg.pipeline.refining import ascend
from edgereg_training.data.dataset import Sample
from edgereg_training.detection.objects.annotations import Annotated, load_annotated
from edgereg_training.detection.objects.coco_figures import Found, average_precisions
from edgereg_training.detection.objects.suppression import by_class, guided
from edgereg_training.loop.bootstrap import Figure
from edgereg_training.loop.errors import TrainingError

if TYPE_CHECKING:
    from edgereg_training.render.shards import Progress

RESAMPLES, NMS_IOU = 100, 0.5
# Average precision counts boxes of any score; below this they change nothing but the time.
LEAST_SCORE = 0.05
NOTES = {
    "ap": "over IoU 0.5 to 0.95", "ap50": "at IoU 0.5", "ap75": "at IoU 0.75",
}  # fmt: skip


def measure(model: ModelFolder, data: Path, progress: Progress) -> list[Figure]:
    """'ap', 'ap50', 'ap75' and 'ap_CLASS' on the test pictures of a folder, and with '_refined'
    where the model refines (with '_guided' where f leads the suppression), by faster-coco-eval.

    Intervals are over pictures, of 100 resamples. TrainingError where the classes are others.
    """
    annotated = load_annotated(data, "test")
    names = model.spec.classes
    if annotated.names != names:
        raise TrainingError(
            f"{data}: is annotated with {', '.join(annotated.names)}, the model knows "
            f"{', '.join(names)}"
        )
    figures = []
    for end, found in run(model, annotated, progress).items():
        usual = average_precisions(found, names)
        rng = np.random.default_rng(0)
        drawn = [
            average_precisions([found[i] for i in rng.integers(0, len(found), len(found))], names)
            for _ in range(RESAMPLES)
        ]
        for name, value in usual.items():
            low, high = np.nanpercentile([d[name] for d in drawn], [2.5, 97.5])
            note = NOTES.get(name, f"of {name.removeprefix('ap_')}")
            note = f"average precision {note}{', ' + end.strip('_') if end else ''}"
            note += f"; {len(found)} pictures"
            figures.append(Figure(f"{name}{end}", value, float(low), float(high), "", note))
    return figures


def run(model: ModelFolder, annotated: Annotated, progress: Progress) -> dict[str, list[Found]]:
    """What is found of every picture: '' as detected, '_refined' and '_guided' by a model that
    refines."""
    predict = OnnxEngine(model.graph_path("predict"))
    refine = OnnxEngine(model.graph_path("refine")) if model.has("refine") else None
    found: dict[str, list[Found]] = {"": []}
    if refine is not None:
        found |= {"_refined": [], "_guided": []}
    for number, sample in enumerate(annotated.samples, 1):
        for end, result in _one(model, predict, refine, sample).items():
            found[end].append(result)
        progress(number, len(annotated.samples))
    return found


def _one(
    model: ModelFolder, predict: OnnxEngine, refine: OnnxEngine | None, sample: Sample
) -> dict[str, Found]:
    spec, labelled = model.spec, sample.labels
    image, zoom = letterbox(sample.read(), spec.input.long_side, spec.input.multiple)
    outputs = predict.run({predict.inputs[0]: image[None]})
    good = np.asarray(outputs["scores"])[0] >= LEAST_SCORE
    boxes, scores, labels = (np.asarray(outputs[n])[0][good] for n in ("boxes", "scores", "labels"))
    scale = np.tile(zoom, 2)

    def found(kept: np.ndarray, placed: np.ndarray, said: np.ndarray) -> Found:
        return Found(placed[kept] / scale, said, labels[kept], labelled["boxes"],
                     labelled["classes"])  # fmt: skip

    kept = by_class(boxes, scores, labels, NMS_IOU)
    results = {"": found(kept, boxes, scores[kept])}
    settings = spec.refinement
    if refine is None or settings is None:
        return results
    features = {name: outputs[name] for name in spec.features}
    if not len(boxes):
        return results | {"_refined": results[""], "_guided": results[""]}
    climb = ascend(refine, Proposal(boxes[None], scores[None], features), settings, settings.steps)
    kept = by_class(climb.final, scores, labels, NMS_IOU)
    results["_refined"] = found(kept, climb.final, scores[kept])
    kept, best = guided(climb.final, climb.energy[:, -1], scores, labels, NMS_IOU)
    results["_guided"] = found(kept, climb.final, best)
    return results
