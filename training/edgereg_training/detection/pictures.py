"""How a model finds heads in labelled pictures, through the task that the device runs.

    figures = measure_pictures(model, Path("labels.json"), None, progress)

A head is found where a detection of its own overlaps it by an IoU of 0.5. A detection that lies
mostly in a region that isn't judged counts neither way; any other one is a false alarm.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgereg.core.geometry import box_areas, box_iou
from edgereg.front_door import predict
from edgereg.models.folder import ModelFolder
from edgereg_training.detection.photographs.labels import LabelledPicture, read_pictures
from edgereg_training.loop.bootstrap import Figure, figure

MATCH = 0.5
# Share of a detection inside a region that isn't judged, from which it is not judged either.
UNJUDGED = 0.5
# Longer side of a head over the picture's longer side: small, middle, large, filling.
SIZES = (("tiny", 0.0, 0.05), ("small", 0.05, 0.12), ("middle", 0.12, 0.35),
         ("large", 0.35, 0.7), ("filling", 0.7, 9.0))  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """One picture: found bool [G] of the heads to find and their sizes float [G] (longer side over
    the picture's); false: scores of false alarms; overlap: IoU of the found ones [F]; seconds."""

    found: npt.NDArray[np.bool_]
    sizes: npt.NDArray[np.float64]
    false: npt.NDArray[np.floating]
    overlap: npt.NDArray[np.float64]
    seconds: float


def measure_pictures(
    model: ModelFolder,
    labels: Path,
    folder: Path | None,
    progress: Callable[[int, int], None],
    size: str = "default",
) -> list[Figure]:
    """Share found, all and by size, false alarms, overlap and time, with intervals over pictures.

    labels, folder: see `photographs.labels.read_pictures`. size: name of the model's input size.
    """
    judged = judge_pictures(model, read_pictures(labels, folder), progress, size)
    heads = sum(len(each.found) for each in judged)
    note = f"of {heads} heads in {len(judged)} pictures"
    figures = []
    if heads:
        figures.append(_share("found", judged, 0.0, 9.0, note))
        for name, low, high in SIZES:
            count = sum(int(((e.sizes >= low) & (e.sizes < high)).sum()) for e in judged)
            if count:
                text = f"of {count} heads of {low:.0%} to {min(high, 1.2):.0%} of the longer side"
                figures.append(_share(f"found_{name}", judged, low, high, text))
        overlap = [each.overlap for each in judged]
        figures.append(
            figure("overlap", len(judged), lambda drawn: _mean([overlap[k] for k in drawn]),
                   note="mean IoU of what was found")
        )  # fmt: skip
    false = np.array([len(each.false) for each in judged], np.float64)
    figures.append(
        figure("false_alarms", len(judged), lambda drawn: float(false[drawn].sum()),
               note=f"in {len(judged)} pictures")
    )  # fmt: skip
    times = np.array([each.seconds for each in judged]) * 1000
    figures.append(
        figure("time", len(judged), lambda drawn: float(np.median(times[drawn])), "ms",
               note="median of a picture, one thread, reading it not included")
    )  # fmt: skip
    return figures


def judge_pictures(
    model: ModelFolder,
    pictures: Sequence[LabelledPicture],
    progress: Callable[[int, int], None],
    size: str = "default",
) -> list[Judged]:
    """Every picture through the task, one thread, judged against its labels."""
    results = []
    for number, picture in enumerate(pictures, start=1):
        image = np.ascontiguousarray(picture.read().image[..., :3])
        began = time.perf_counter()
        found = predict(image, model.spec.task, models=model.path, threads=1, size=size)
        seconds = time.perf_counter() - began
        height, width = image.shape[:2]
        truth = np.clip(picture.boxes, 0, np.array([width, height] * 2, np.float32))
        side = max(height, width)
        results.append(judged(found.values, found.scores, truth, picture.ignored, side, seconds))
        progress(number, len(pictures))
    return results


def judged(
    boxes: npt.NDArray[np.floating],
    scores: npt.NDArray[np.floating],
    truth: npt.NDArray[np.floating],
    ignored: npt.NDArray[np.bool_],
    side: float,
    seconds: float = 0.0,
) -> Judged:
    """Greedy by score: each detection takes the free head that it overlaps most."""
    heads = truth[~ignored]
    found, overlap, false = np.zeros(len(heads), bool), [], []
    overlaps, inside = box_iou(boxes, heads), _inside(boxes, truth[ignored])
    for row in np.argsort(-scores, kind="stable"):
        free = np.where(found, -1.0, overlaps[row])
        if len(free) and free.max() >= MATCH:
            found[free.argmax()] = True
            overlap.append(float(free.max()))
        elif not (inside[row] >= UNJUDGED).any():
            false.append(float(scores[row]))
    sizes = (heads[:, 2:] - heads[:, :2]).max(axis=1, initial=0.0) / side
    return Judged(found, sizes.astype(np.float64), np.array(false), np.array(overlap), seconds)


def _inside(
    boxes: npt.NDArray[np.floating], regions: npt.NDArray[np.floating]
) -> npt.NDArray[np.float64]:
    """Share [N, M] of each box that lies in each region."""
    low = np.maximum(boxes[:, None, :2], regions[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], regions[None, :, 2:])
    shared = np.prod(np.maximum(high - low, 0).astype(np.float64), axis=2)
    return np.asarray(shared / np.maximum(box_areas(boxes)[:, None], 1e-9))


def _share(name: str, judged: Sequence[Judged], low: float, high: float, note: str) -> Figure:
    kinds = [(each.sizes >= low) & (each.sizes < high) for each in judged]
    hits = np.array([(each.found & kind).sum() for each, kind in zip(judged, kinds, strict=True)])
    totals = np.array([kind.sum() for kind in kinds])

    def share(drawn: npt.NDArray[np.int64]) -> float:
        total = totals[drawn].sum()
        return float(hits[drawn].sum() / total) if total else float("nan")

    return figure(name, len(judged), share, note=note)


def _mean(parts: Sequence[npt.NDArray[np.float64]]) -> float:
    values = np.concatenate(parts)
    return float(values.mean()) if len(values) else float("nan")
