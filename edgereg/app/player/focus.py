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
        boxes = None if found is None else found.boxes
        if boxes is None:
            return False
        x1, y1, x2, y2 = boxes.T
        under = np.flatnonzero((x1 <= x) & (x <= x2) & (y1 <= y) & (y <= y2))
        if not len(under):
            return False
        areas = box_areas(boxes)
        self.anchor = boxes[under[np.argmin(areas[under])]]
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
        if row is not None and found.boxes is not None:
            self.anchor = found.boxes[row]
        return row

    def region(self, result: FrameResult) -> FloatArray | None:
        """Region [4] of the prediction looked at, or None."""
        found, row = self._predictions(result), self.row(result)
        return None if found is None or row is None or found.boxes is None else found.boxes[row]

    def _predictions(self, result: FrameResult) -> Predictions | None:
        return result.predictions.get(self.task) if self.task is not None else None


def row_of(found: Predictions, anchor: FloatArray | None) -> int | None:
    """The row whose box overlaps `anchor` [4] best; without an anchor the largest box's.

    Of a task on whole frames, the row of the best score. None where nothing was found, or nothing
    overlaps the anchor.
    """
    if not len(found):
        return None
    boxes = found.boxes
    if boxes is None:
        return int(np.argmax(found.scores))
    if anchor is None:
        return int(np.argmax(box_areas(boxes)))
    overlaps = box_iou(anchor[None], boxes)[0]
    best = int(np.argmax(overlaps))
    return best if overlaps[best] > _LOST else None
