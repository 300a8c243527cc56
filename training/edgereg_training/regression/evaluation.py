"""What a model folder achieves on rendered heads, in the ONNX engine as the runtime runs it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from edgereg.core.tasks import Proposal
from edgereg.engines.base import Engine
from edgereg.engines.onnx import OnnxEngine
from edgereg.models.folder import ModelFolder
from edgereg.pipeline.steps import ascend
from edgereg_training.loop.bootstrap import Figure
from edgereg_training.loop.errors import TrainingError
from edgereg_training.regression.data import load_examples
from edgereg_training.regression.errors import example_errors
from edgereg_training.regression.figures import angle_figures, range_figures, score_figures
from edgereg_training.regression.labels import FloatArray, label_of

if TYPE_CHECKING:
    from edgereg_training.render.shards import Progress

BATCH = 64


def measure(model: ModelFolder, data: Path, progress: Progress) -> list[Figure]:
    """Mean absolute errors of the estimate, refined, and their paired difference; of head pose by
    range of the pose, and refined of each angle. Refined ones equal a model without energy's."""
    spec = model.spec
    size = spec.input.width
    if size is None:
        raise TrainingError(f"{model.path}: a model of '{spec.task}' must have a fixed input size")
    label = label_of(spec.task, size)
    examples = load_examples([data], label, size, spec.input.crop_scale)
    values, refined = run(model, examples.images, progress)
    if label.kind == "pose":
        figures = range_figures(label, values, refined, examples.targets)
        return figures + angle_figures(label, refined, examples.targets)
    errors = example_errors(label, values, examples.targets)
    after = example_errors(label, refined, examples.targets)
    return score_figures(label, errors | {f"{name}_refined": e for name, e in after.items()})


def run(
    model: ModelFolder, images: npt.NDArray[np.uint8], progress: Progress
) -> tuple[FloatArray, FloatArray]:
    """Estimated and refined values [N, D] of crops [N, S, S, 3]."""
    predict_graph = OnnxEngine(model.graph_path("predict"))
    refine = OnnxEngine(model.graph_path("refine")) if model.has("refine") else None
    parts = []
    for start in range(0, len(images), BATCH):
        parts.append(_run(model, predict_graph, refine, images[start : start + BATCH]))
        progress(min(start + BATCH, len(images)), len(images))
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _run(
    model: ModelFolder, predict_graph: Engine, refine: Engine | None, images: npt.NDArray[np.uint8]
) -> tuple[FloatArray, FloatArray]:
    outputs = predict_graph.run({predict_graph.inputs[0]: images})
    values: FloatArray = outputs["values"]
    settings = model.spec.refinement
    if refine is None or settings is None:
        return values, values
    features = {name: outputs[name] for name in model.spec.features}
    start = Proposal(values[:, None], np.ones((len(values), 1), np.float32), features)
    return values, ascend(refine, start, settings, settings.steps).final
