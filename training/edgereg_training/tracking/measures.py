"""What tracking benchmarks measure of the boxes of one sequence.

The first frame, whose box was given, does not count; nor do frames without the object.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
# Thresholds of the success plot (OTB) and of normalised precision (TrackingNet, LaSOT).
OVERLAPS = np.linspace(0, 1, 21)
DISTANCES = np.linspace(0, 0.5, 51)


@dataclass(frozen=True)
class Measured:
    """Of one sequence. overlaps: IoU of each frame that counts; distances: of the centres, over
    the object's width and height, of each."""

    name: str
    overlaps: Array
    distances: Array

    @property
    def success(self) -> Array:
        """Share of frames whose IoU is over each of OVERLAPS."""
        return np.asarray((self.overlaps[:, None] > OVERLAPS).mean(axis=0))

    @property
    def auc(self) -> float:
        """Area under the success plot."""
        return float(self.success.mean())

    @property
    def norm_precision(self) -> float:
        """Area under the curve of frames whose normalised distance is at most each of DISTANCES."""
        return float((self.distances[:, None] <= DISTANCES).mean())

    def overlap_precision(self, threshold: float) -> float:
        """OP: share of frames whose IoU is over the threshold."""
        return float((self.overlaps > threshold).mean())


def measure_boxes(
    name: str, found: npt.ArrayLike, truth: npt.ArrayLike, counts: npt.NDArray[np.bool_]
) -> Measured:
    """found, truth: boxes [N, 4] (x1, y1, x2, y2) of the same frames; counts: bool [N]. Raises
    ValueError where no frame counts."""
    boxes, true = np.asarray(found, float), np.asarray(truth, float)
    chosen = counts.copy()
    chosen[0] = False
    if not chosen.any():
        raise ValueError(f"{name}: no frame but the first has a box to compare with")
    boxes, true = boxes[chosen], true[chosen]
    low, high = np.maximum(boxes[:, :2], true[:, :2]), np.minimum(boxes[:, 2:], true[:, 2:])
    shared = np.maximum(high - low, 0).prod(axis=1)
    sides = true[:, 2:] - true[:, :2]
    union = np.maximum(boxes[:, 2:] - boxes[:, :2], 0).prod(axis=1) + sides.prod(axis=1) - shared
    apart = (boxes[:, :2] + boxes[:, 2:] - true[:, :2] - true[:, 2:]) / 2
    distances = np.hypot(*(apart / np.maximum(sides, 1e-6)).T)
    return Measured(name, shared / np.maximum(union, 1e-6), distances)
