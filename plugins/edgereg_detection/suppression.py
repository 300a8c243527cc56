"""Suppression of double boxes, each class on its own, led by whatever ranks them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from edgereg.api import FloatArray, box_iou, nms


def suppress(
    boxes: npt.NDArray[Any],
    leads: npt.NDArray[Any],
    scores: npt.NDArray[Any],
    labels: npt.NDArray[Any],
    iou: float,
) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Indices [M] of the kept boxes of [N, 4], best score first, and their scores [M].

    The box of greatest `leads` [N] suppresses those of its class that overlap it by more than
    `iou`, and takes the best of their scores. With `leads` the scores, that is its own.
    """
    # Classes are moved apart, so that their boxes don't meet.
    apart = labels[:, None] * (2 * np.abs(boxes).max(initial=0) + 1)
    moved = boxes + apart
    kept = nms(moved, leads, iou)
    if leads is scores or not len(kept):
        return kept, np.asarray(scores[kept], np.float32)
    cluster = box_iou(moved[kept], moved) > iou
    cluster[np.arange(len(kept)), kept] = True
    # Those that a kept box suppressed: no greater lead than its own.
    cluster &= leads[None, :] <= leads[kept][:, None]
    best = np.where(cluster, scores[None, :], 0.0).max(axis=1).astype(np.float32)
    order = np.argsort(-best, kind="stable")
    return kept[order], best[order]
