"""Regions: where in a frame a task looks, and whose they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import FloatArray


@dataclass(frozen=True)
class Regions:
    """N boxes of the upstream task (N may be 0).

    boxes: float32 [N, 4] (x1, y1, x2, y2) in frame pixels; scores: float32 [N] in [0, 1].
    tracks: int64 [N], the identity of each through the clip, or None where nobody tracks.
    """

    boxes: FloatArray
    scores: FloatArray
    tracks: npt.NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.boxes)

    @classmethod
    def of_boxes(cls, boxes: npt.ArrayLike) -> Regions:
        """Regions from boxes alone [N, 4], all of score 1."""
        array = np.asarray(boxes, np.float32).reshape(-1, 4)
        return cls(array, np.ones(len(array), np.float32))


@dataclass(frozen=True)
class Prompt:
    """A box that a user points at: (x1, y1, x2, y2) in pixels of frame `frame`.

    frame: None: the next one, for who watches a source that can't be turned back.
    track: the number of the object, from 1: one that is followed already goes on from this box, as
    where its user corrects it. None: another object than all before, with the next free number.
    """

    box: tuple[float, float, float, float]
    frame: int | None = 0
    track: int | None = None
