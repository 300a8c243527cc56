"""Suppression of double boxes, each class on its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from edgereg.core.geometry import box_iou, nms


def by_class(
    boxes: npt.NDArray[Any], order: npt.NDArray[Any], labels: npt.NDArray[Any], iou: float
) -> npt.NDArray[np.int64]:
    """Indices of the kept boxes, greatest `order` first: boxes [N, 4] of different labels [N] do
    not suppress each other."""
    apart = labels[:, None] * (np.abs(boxes).max(initial=0) * 2 + 1)
    return nms(boxes + apart, order, iou)


def guided(
    boxes: npt.NDArray[Any],
    leads: npt.NDArray[Any],
    scores: npt.NDArray[Any],
    labels: npt.NDArray[Any],
    iou: float,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Suppression by class led by f(x, y) or a predicted IoU (EBM paper, supplement B.3): indices
    of the kept boxes and, of each, the best score of those that it stands for."""
    apart = labels[:, None] * (np.abs(boxes).max(initial=0) * 2 + 1)
    moved = boxes + apart
    kept = nms(moved, leads, iou)
    cluster = (box_iou(moved[kept], moved) > iou) & (leads[None, :] <= leads[kept][:, None])
    cluster[np.arange(len(kept)), kept] = True
    best = np.where(cluster, scores[None, :], 0).max(axis=1, initial=0)
    return kept, best.astype(np.float32)
