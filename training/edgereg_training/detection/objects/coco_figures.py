"""Average precision as COCO has it, by faster-coco-eval."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgereg_training.loop.errors import TrainingError

# COCO counts so many boxes a picture.
MOST = 100


@dataclass(frozen=True)
class Found:
    """Of one picture: what was found, boxes [D, 4], scores [D], labels [D], and the truth, boxes
    [G, 4], classes [G]. Labels count from 0."""

    boxes: npt.NDArray[np.floating]
    scores: npt.NDArray[np.floating]
    labels: npt.NDArray[np.integer]
    truth: npt.NDArray[np.floating]
    classes: npt.NDArray[np.integer]


def average_precisions(found: Sequence[Found], names: Sequence[str]) -> dict[str, float]:
    """'ap' (mean over IoU 0.5 to 0.95), 'ap50', 'ap75', and 'ap_NAME' of each class, in 0..1.

    A class without any true box is nan, and left out of the means. TrainingError where
    faster-coco-eval is not installed.
    """
    try:
        from faster_coco_eval import COCO, COCOeval_faster
    except ImportError as error:
        raise TrainingError(
            "average precision needs faster-coco-eval: pip install 'edgereg[train]'"
        ) from error
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(_truth(found, names))
        results = _results(found)
        if not results:
            return {"ap": 0.0, "ap50": 0.0, "ap75": 0.0} | {f"ap_{name}": 0.0 for name in names}
        evaluation = COCOeval_faster(truth, truth.loadRes(results), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    # [IoU, recall, class, area, most]; -1 where a class has nothing to be found.
    precision = np.asarray(evaluation.eval["precision"])[:, :, :, 0, -1]
    each = [_mean(precision[:, :, k]) for k in range(len(names))]
    figures = {"ap": _mean(precision), "ap50": _mean(precision[0]), "ap75": _mean(precision[5])}
    return figures | {f"ap_{name}": value for name, value in zip(names, each, strict=True)}


def _mean(values: npt.NDArray[np.floating]) -> float:
    known = values[values >= 0]
    return float(known.mean()) if known.size else float("nan")


def _truth(found: Sequence[Found], names: Sequence[str]) -> dict[str, list[dict[str, object]]]:
    notes: list[dict[str, object]] = []
    for number, picture in enumerate(found, 1):
        for box, kind in zip(picture.truth, picture.classes, strict=True):
            x1, y1, x2, y2 = (float(edge) for edge in box)
            notes.append({
                "id": len(notes) + 1, "image_id": number, "category_id": int(kind) + 1,
                "bbox": [x1, y1, x2 - x1, y2 - y1], "area": (x2 - x1) * (y2 - y1), "iscrowd": 0,
            })  # fmt: skip
    return {
        "images": [{"id": number} for number in range(1, len(found) + 1)],
        "annotations": notes,
        "categories": [{"id": k + 1, "name": name} for k, name in enumerate(names)],
    }


def _results(found: Sequence[Found]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for number, picture in enumerate(found, 1):
        best = np.argsort(-picture.scores, kind="stable")[:MOST]
        for box, score, label in zip(
            picture.boxes[best], picture.scores[best], picture.labels[best], strict=True
        ):
            x1, y1, x2, y2 = (float(edge) for edge in box)
            rows.append({"image_id": number, "category_id": int(label) + 1,
                         "bbox": [x1, y1, x2 - x1, y2 - y1], "score": float(score)})  # fmt: skip
    return rows
