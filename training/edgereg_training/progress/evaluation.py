"""What a progress model achieves on whole clips: its errors, those of a clock, its intervals."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgereg.core.arrays import FloatArray
from edgereg.engines.onnx import OnnxEngine
from edgereg.models.folder import ModelFolder
from edgereg_training.loop.bootstrap import Figure, figure, mean_figure
from edgereg_training.loop.errors import TrainingError
from edgereg_training.progress.activities import TEST_FOLD
from edgereg_training.progress.clips import Clip, read_clip, videos

if TYPE_CHECKING:
    from edgereg_training.render.shards import Progress


@dataclass(frozen=True)
class Told:
    """Of one clip of T frames: what was told [T], and the ends [T, 2] of its 90 % interval."""

    values: FloatArray
    intervals: FloatArray


def measure(model: ModelFolder, data: Path, progress: Progress) -> list[Figure]:
    """On the test persons of the first fold, all frames of a clip from its beginning: 'mae' in per
    cent of the clip, mean over clips, and 'mae_last' of their last quarter; 'mae_clock' of a clock
    that knows how long these clips are on the mean, and the paired difference 'mae_change'; of the
    90 % interval 'coverage90' and the mean 'width90'. Intervals are over clips."""
    rate, size = model.spec.settings.get("rate"), model.spec.input.width
    if rate is None or size is None or "memory" not in model.spec.settings:
        raise TrainingError(f"{model.path}: a progress model must have a rate and a memory")
    found = videos(data, f"{TEST_FOLD}-test")
    clips, told = [], []
    engines = OnnxEngine(model.graph_path("predict")), OnnxEngine(model.graph_path("remember"))
    for number, (video, _) in enumerate(found, 1):
        clips.append(read_clip(video, rate, size))
        told.append(run(model, engines, clips[-1]))
        progress(number, len(found))
    errors = [np.abs(t.values - clip.progress) for t, clip in zip(told, clips, strict=True)]
    usual = float(np.mean([clip.seconds for clip in clips]))
    clock = _means([
        np.abs(np.minimum(100, 100 * np.arange(len(clip)) / rate / usual) - clip.progress)
        for clip in clips
    ])  # fmt: skip
    mae = _means(errors)
    last = _means([e[clip.progress >= 75] for e, clip in zip(errors, clips, strict=True)])
    inside = _means([
        (t.intervals[:, 0] <= clip.progress) & (clip.progress <= t.intervals[:, 1])
        for t, clip in zip(told, clips, strict=True)
    ])  # fmt: skip
    width = _means([t.intervals[:, 1] - t.intervals[:, 0] for t in told])
    where = f"{len(clips)} clips, {sum(map(len, clips))} frames"

    def change(chosen: np.ndarray) -> float:
        return float(mae[chosen].mean() - clock[chosen].mean())

    return [
        mean_figure("mae", mae, "%", f"mean absolute error of the clip, {where}"),
        mean_figure("mae_last", last, "%", "of its last quarter"),
        mean_figure("mae_clock", clock, "%", f"of a clock set to {usual:.3g} s"),
        figure("mae_change", len(clips), change, "%", note="model minus clock"),
        mean_figure("coverage90", inside, "", "share of frames within their 90 % interval"),
        mean_figure("width90", width, "%", "mean width of the 90 % interval"),
    ]


def run(model: ModelFolder, engines: tuple[OnnxEngine, OnnxEngine], clip: Clip) -> Told:
    """What the model's graphs tell of a clip, frame after frame."""
    predict, remember = engines
    seen = np.asarray(predict.run({"images": clip.frames})["features"])
    memory = np.zeros((1, int(model.spec.settings["memory"])), np.float32)
    values, intervals = [], []
    for features in seen:
        found = remember.run({"features": features[None], "memory": memory})
        memory = np.asarray(found["after"])
        values.append(found["values"][0, 0])
        intervals.append(found["interval"][0, 0])
    return Told(np.array(values, np.float32), np.array(intervals, np.float32))


def _means(parts: list[np.ndarray]) -> FloatArray:
    """The mean of each clip's numbers; a clip without any counts as 0."""
    return np.array([part.mean() if len(part) else 0.0 for part in parts], np.float32)
