"""A tracking model on sequences: the tracker itself, as it runs on the device."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

import edgereg
from edgereg.api import Image, ModelFolder, Prompt
from edgereg_training.loop.bootstrap import Figure, mean_figure
from edgereg_training.loop.errors import TrainingError
from edgereg_training.tracking.datasets import TrackingSequence, load_sequences
from edgereg_training.tracking.measures import OVERLAPS, Measured, measure_boxes


@dataclass(frozen=True)
class Followed:
    """boxes: float32 [N, 4] of a sequence's frames; frame_ms: the median time that the tracker
    took for one of them, reading and drawing left out."""

    boxes: npt.NDArray[np.float32]
    frame_ms: float


def follow(
    item: TrackingSequence, model: Path | None = None, threads: int | None = None
) -> Followed:
    """The tracker's boxes, started with the first one. model: None for the bundled model."""
    x1, y1, x2, y2 = (float(edge) for edge in item.boxes[0])
    boxes = np.zeros((len(item.frames), 4), np.float32)
    with edgereg.stream(
        _images(item),
        tasks="tracking",
        models=() if model is None else model,
        prompts=[Prompt((x1, y1, x2, y2))],
        realtime=False,
        threads=threads,
    ) as results:
        for result in results:
            found = result["tracking"].values
            boxes[result.index] = found[0] if len(found) else np.nan
        stages = results.report().stats.stages
    return Followed(boxes, stages["tracking.step"].p50_ms)


def _images(item: TrackingSequence) -> Iterator[Image]:
    """The frames, RGB."""
    for file in item.frames:
        image = cv2.imread(str(file), cv2.IMREAD_COLOR)
        if image is None:
            raise TrainingError(f"{file}: not a picture")
        yield np.ascontiguousarray(image[..., ::-1], np.uint8)


def measure(model: ModelFolder, data: Path, progress: Callable[[int, int], None]) -> list[Figure]:
    """The figures of a model folder on a folder of sequences, as `edgereg evaluate` has them."""
    _, figures = evaluate_sequences(
        load_sequences(data), model.path, lambda done, total, _: progress(done, total)
    )
    return figures


def evaluate_sequences(
    sequences: Sequence[TrackingSequence],
    model: Path | None,
    report: Callable[[int, int, str], None],
) -> tuple[list[Measured], list[Figure]]:
    """Each sequence's measures, and their means with 95 % intervals over the sequences."""
    measured, speeds = list[Measured](), list[float]()
    for number, item in enumerate(sequences):
        report(number, len(sequences), item.name)
        run = follow(item, model)
        measured.append(measure_boxes(item.name, run.boxes, item.boxes, item.present))
        speeds.append(1000 / max(run.frame_ms, 1e-6))
    return measured, [*figures_of(measured), mean_figure("fps", np.array(speeds), "1/s")]


def figures_of(measured: Sequence[Measured]) -> list[Figure]:
    """AUC, OP50, OP75, mean overlap and normalised precision over sequences."""
    rows: dict[str, list[float]] = {
        "auc": [item.auc for item in measured],
        "op50": [item.overlap_precision(0.5) for item in measured],
        "op75": [item.overlap_precision(0.75) for item in measured],
        "overlap": [float(item.overlaps.mean()) for item in measured],
        "norm_precision": [item.norm_precision for item in measured],
    }
    return [mean_figure(name, np.array(values)) for name, values in rows.items()]


def mean_success(measured: Sequence[Measured]) -> npt.NDArray[np.float64]:
    """The success curve [21] over sequences, each of which counts alike."""
    return np.asarray(np.mean([item.success for item in measured], axis=0))


def success_plot(curves: dict[str, npt.NDArray[np.float64]], out: Path) -> None:
    """Success over the threshold of the overlap, a line for each name; curves: [21] of OVERLAPS."""
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(5, 4), layout="constrained")
    axes = canvas.subplots()
    for name, curve in curves.items():
        axes.plot(OVERLAPS, curve, label=f"{name} [{curve.mean():.3f}]")
    axes.set(xlabel="overlap", ylabel="share of frames", xlim=(0, 1), ylim=(0, 1))
    axes.legend()
    axes.grid(alpha=0.3)
    canvas.savefig(out, dpi=120)
