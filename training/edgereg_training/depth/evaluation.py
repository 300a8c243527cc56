"""What a depth model achieves on the test list of a folder: errors of all cells, of frequent and of
rare depths, those of a constant, and its intervals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgereg.core.arrays import FloatArray
from edgereg.engines.onnx import OnnxEngine
from edgereg.models.folder import ModelFolder
from edgereg_training.data.dataset import samples_of
from edgereg_training.data.nyud2 import LISTS, NYUD2
from edgereg_training.depth.measures import Sums, by_shots, shots_of
from edgereg_training.depth.pictures import DepthPictures, evenly, load_pictures
from edgereg_training.loop.bootstrap import Figure, figure, mean_figure
from edgereg_training.loop.errors import TrainingError

if TYPE_CHECKING:
    from edgereg_training.render.shards import Progress

BATCH = 16
# Training pictures whose depths say which are frequent.
COUNTED = 1000


def measure(model: ModelFolder, data: Path, progress: Progress) -> list[Figure]:
    """On the test list, over the cells of the model's map: 'rmse', 'mae' and 'delta1' of all, and
    with '_many', '_medium', '_few' of frequent and rare depths; 'rmse_constant' of always answering
    with these pictures' mean, 'rmse_change' the paired difference; of the 90 % interval
    'coverage90' and the mean 'width90'. Intervals are over pictures."""
    spec = model.spec
    if spec.input.width is None or spec.input.height is None:
        raise TrainingError(f"{model.path}: a depth model must have a fixed input size")
    cells = int(spec.settings["map_width"]), int(spec.settings["map_height"])
    size = spec.input.width, spec.input.height
    samples = samples_of(NYUD2, data, "test")
    tested = load_pictures(samples, size, cells)
    np.minimum(tested.depth, spec.targets[0].high, out=tested.depth)
    told, low, high = run(model, tested, progress)
    counted, of_what = _counted(data, tested, size, cells)
    figures = []
    for name, errors in by_shots(told, tested.depth, shots_of(counted)).items():
        of = f"{name.strip('_')} depths by {of_what}" if name else "all depths"
        figures += _errors(errors, name, of, len(samples))
    known = tested.depth > 0
    mean = float(tested.depth[known].mean())
    constant = by_shots(np.full_like(told, mean), tested.depth, shots_of(counted))[""]
    errors = by_shots(told, tested.depth, shots_of(counted))[""]

    def change(chosen: np.ndarray) -> float:
        return errors.rmse(chosen) - constant.rmse(chosen)

    count = len(samples)
    inside = np.where(known, (low <= tested.depth) & (tested.depth <= high), False)
    share = inside.sum((1, 2)) / np.maximum(known.sum((1, 2)), 1)
    return [
        *figures,
        figure("rmse_constant", count, constant.rmse, "m", note=f"of always answering {mean:.3g}"),
        figure("rmse_change", count, change, "m", note="model minus constant"),
        mean_figure("coverage90", share, "", "share of cells within their 90 % interval"),
        mean_figure("width90", (high - low).mean((1, 2)), "m", "mean width of the 90 % interval"),
    ]  # fmt: skip


def run(
    model: ModelFolder, pictures: DepthPictures, progress: Progress
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Depths, and low and high ends of their 90 % intervals, [N, h, w] each."""
    predict = OnnxEngine(model.graph_path("predict"))
    shape = pictures.depth.shape
    parts: list[list[FloatArray]] = [[], [], []]
    for start in range(0, len(pictures), BATCH):
        outputs = predict.run({predict.inputs[0]: pictures.images[start : start + BATCH]})
        interval = np.asarray(outputs["interval"])
        for part, found in zip(
            parts, (outputs["values"], interval[..., 0], interval[..., 1]), strict=True
        ):
            part.append(np.asarray(found, np.float32))
        progress(min(start + BATCH, len(pictures)), len(pictures))
    told, low, high = (np.concatenate(part).reshape(shape) for part in parts)
    return told, low, high


def _errors(errors: Sums, end: str, of_what: str, count: int) -> list[Figure]:
    note = f"{of_what}; {count} pictures"
    return [
        figure(f"rmse{end}", count, errors.rmse, "m", note=f"root of the mean square, {note}"),
        figure(f"mae{end}", count, errors.mae, "m", note=f"mean absolute error, {note}"),
        figure(f"delta1{end}", count, errors.delta1, "", note=f"within a factor of 1.25, {note}"),
    ]


def _counted(
    data: Path, tested: DepthPictures, size: tuple[int, int], cells: tuple[int, int]
) -> tuple[FloatArray, str]:
    """Depths that say which are frequent: of the training list where there is one."""
    if not any((data / place / LISTS["train"]).is_file() for place in ("", "data")):
        return tested.depth, "these pictures"
    some = evenly(samples_of(NYUD2, data, "train"), COUNTED)
    return load_pictures(some, size, cells).depth, f"{len(some)} training pictures"
