"""Head-pose error of a model folder on rendered heads, through the ONNX engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from edgereg.engines.base import Engine
from edgereg.engines.onnx import OnnxEngine
from edgereg.models.folder import ModelFolder
from edgereg.pipeline.steps import ascend
from edgereg.tasks import Proposal
from edgereg_training.bootstrap import Figure, mean_figure
from edgereg_training.errors import TrainingError
from edgereg_training.headpose_data import Crops, load_heads, plain_crops

if TYPE_CHECKING:
    from edgereg_training.render.shards import Progress

FloatArray = npt.NDArray[np.float32]
ANGLES = ("yaw", "pitch", "roll")
# |yaw|, |pitch|, |roll| below which a pose counts as within the usual range, and within the full
# range. Beyond, towards 90 degrees of yaw, pitch and roll turn about the same axis.
USUAL_RANGE = (45.0, 35.0, 45.0)
FULL_RANGE = (75.0, 60.0, 50.0)
WIDE_RANGE = (90.0, 60.0, 50.0)
RANGES = {"usual": USUAL_RANGE, "full": FULL_RANGE, "wide": WIDE_RANGE}
BATCH = 64


def measure(model: ModelFolder, data: Path, progress: Progress) -> list[Figure]:
    """Mean absolute errors, mean over yaw, pitch and roll, for each of RANGES: of the estimate,
    refined, and their paired difference (negative: refinement helps). Then each angle's."""
    size = model.spec.input.width
    if size is None:
        raise TrainingError(f"{model.path}: a head-pose model must have a fixed input size")
    crops = plain_crops(load_heads([data]), size, model.spec.input.crop_scale)
    estimated, refined = run(model, crops, progress)
    figures = []
    for name in RANGES:
        figures += range_figures(name, estimated, refined, crops.poses)
    after = np.abs(refined - crops.poses)
    inside = (np.abs(crops.poses) < FULL_RANGE).all(axis=1)
    for index, angle in enumerate(ANGLES if inside.any() else ()):
        name, note = f"mae_{angle}_full_refined", f"mean error of {angle} refined, full range"
        figures.append(mean_figure(name, after[inside, index], "degree", note))
    return figures


def run(model: ModelFolder, crops: Crops, progress: Progress) -> tuple[FloatArray, FloatArray]:
    """Estimated and refined poses [N, 3] of crops; refined ones equal a model without energy's."""
    predict = OnnxEngine(model.graph_path("predict"))
    refine = OnnxEngine(model.graph_path("refine")) if model.has("refine") else None
    parts = []
    for start in range(0, len(crops.images), BATCH):
        parts.append(_run(model, predict, refine, crops.images[start : start + BATCH]))
        progress(min(start + BATCH, len(crops.images)), len(crops.images))
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _run(
    model: ModelFolder, predict: Engine, refine: Engine | None, images: npt.NDArray[np.uint8]
) -> tuple[FloatArray, FloatArray]:
    outputs = predict.run({predict.inputs[0]: images})
    values: FloatArray = outputs["values"]
    settings = model.spec.refinement
    if refine is None or settings is None:
        return values, values
    features = {name: outputs[name] for name in model.spec.features}
    start = Proposal(values[:, None], np.ones((len(values), 1), np.float32), features)
    return values, ascend(refine, start, settings, settings.steps).final


def range_figures(
    name: str, estimated: FloatArray, refined: FloatArray, poses: FloatArray
) -> list[Figure]:
    """Error of the estimate, refined, and their paired difference, of the poses [N, 3] within the
    range of this name; nothing where there are none."""
    inside = (np.abs(poses) < RANGES[name]).all(axis=1)
    if not inside.any():
        return []
    before = np.abs(estimated - poses)[inside].mean(axis=1)
    after = np.abs(refined - poses)[inside].mean(axis=1)
    yaw, pitch, roll = (f"{limit:.0f}" for limit in RANGES[name])
    where = f"|yaw| < {yaw}, |pitch| < {pitch}, |roll| < {roll}; {len(before)} heads"
    return [
        mean_figure(f"mae_{name}", before, "degree", f"mean error of the estimate, {where}"),
        mean_figure(f"mae_{name}_refined", after, "degree", f"mean error refined, {where}"),
        mean_figure(
            f"mae_{name}_change", after - before, "degree", f"refined minus estimate, {where}"
        ),
    ]
