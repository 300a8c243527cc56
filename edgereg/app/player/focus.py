"""Which prediction the user looks at: the head that was clicked, else the largest."""

from __future__ import annotations

import numpy as np

from edgereg.core.arrays import FloatArray
from edgereg.core.geometry import box_areas, box_iou
from edgereg.core.predictions import Predictions
from edgereg.core.result import FrameResult

# Less overlap from one frame to the next means that the region was lost.
_LOST = 0.1


class Focus:
    """Follows one prediction of one task from frame to frame by the overlap of its region.

    task: name of the task looked at, or None. anchor: the region last seen; None: the largest is
    taken next, and followed. switched: the last `row` is another prediction than the one before.
    """

    def __init__(self) -> None:
        self.task: str | None = None
        self.anchor: FloatArray | None = None
        self.switched = False

    def look_at(self, task: str | None) -> None:
        """Look at another task, at the same place."""
        self.task = task

    def release(self) -> None:
        """Back to the largest."""
        self.anchor = None

    def pick(self, result: FrameResult, x: float, y: float) -> bool:
        """Follow the smallest region under a point in frame pixels; False where there is none."""
        found = self._predictions(result)
        if found is None or found.regions is None:
            return False
        x1, y1, x2, y2 = found.regions.T
        under = np.flatnonzero((x1 <= x) & (x <= x2) & (y1 <= y) & (y <= y2))
        if not len(under):
            return False
        areas = box_areas(found.regions)
        self.anchor = found.regions[under[np.argmin(areas[under])]]
        return True

    def row(self, result: FrameResult) -> int | None:
        """Row of the prediction looked at, or None where the task found nothing."""
        found = self._predictions(result)
        self.switched = False
        if found is None or not len(found):
            return None
        row = row_of(found, self.anchor)
        if row is None:
            row, self.switched = row_of(found, None), True
        if row is not None and found.regions is not None:
            self.anchor = found.regions[row]
        return row

    def region(self, result: FrameResult) -> FloatArray | None:
        """Region [4] of the prediction looked at, or None."""
        found, row = self._predictions(result), self.row(result)
        return None if found is None or row is None or found.regions is None else found.regions[row]

    def _predictions(self, result: FrameResult) -> Predictions | None:
        return result.predictions.get(self.task) if self.task is not None else None


def row_of(found: Predictions, anchor: FloatArray | None) -> int | None:
    """The row whose region overlaps `anchor` [4] best; without an anchor the largest region's.

    None where nothing was found, or nothing overlaps the anchor.
    """
    if not len(found):
        return None
    if found.regions is None:
        return 0
    if anchor is None:
        return int(np.argmax(box_areas(found.regions)))
    overlaps = box_iou(anchor[None], found.regions)[0]
    best = int(np.argmax(overlaps))
    return best if overlaps[best] > _LOST else None
