"""Whom the user looks at: a person who was clicked, else the largest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edgereg.app.player.record import UNTRACKED
from edgereg.core.arrays import FloatArray
from edgereg.core.geometry import box_areas, box_iou
from edgereg.core.predictions import Predictions
from edgereg.core.result import FrameResult

# Without a choice of the user's: gone for so long, the largest head gives way to another.
_GONE_S = 2.0
# Less overlap from one frame to the next means another region, where nobody tracks.
_LOST = 0.1


@dataclass(frozen=True)
class Followed:
    """A person: the detector that finds it, and its number there."""

    detector: str
    number: int


class Focus:
    """Looks at one person through all tasks and jumps.

    task: name of the task looked at, or None. detectors: the task that each task stands on in the
    end. followed: who is looked at, or None as long as nobody was seen. chosen: whether the user
    chose; else the largest is taken, and kept until it has gone for some seconds.
    """

    def __init__(self) -> None:
        self.task: str | None = None
        self.detectors: Mapping[str, str] = {}
        self.followed: Followed | None = None
        self.chosen = False
        self._seen_s = 0.0
        self._anchor: FloatArray | None = None

    def follow(self, followed: Followed) -> None:
        """The user chose somebody."""
        self.followed, self.chosen = followed, True

    def release(self) -> None:
        """Back to the largest."""
        self.followed, self.chosen, self._anchor = None, False, None

    @property
    def track(self) -> int:
        """The track of the task looked at whose values are wanted; UNTRACKED where none is."""
        fits = self.followed is not None and self.followed.detector == self._detector(self.task)
        return self.followed.number if self.followed is not None and fits else UNTRACKED

    def see(self, result: FrameResult) -> None:
        """A result came: without a choice of the user's, take the largest."""
        if self.chosen:
            return
        if self.followed is not None:
            if self._box_of(result, self.followed) is not None:
                self._seen_s = result.time_s
                return
            if 0 <= result.time_s - self._seen_s < _GONE_S:
                return
        found = self._predictions(result)
        if found is None or found.tracks is None or found.boxes is None:
            return
        rows = np.flatnonzero(found.tracks >= 0)
        if self.task is not None and len(rows):
            row = rows[np.argmax(box_areas(found.boxes[rows]))]
            self.followed = Followed(self._detector(self.task), int(found.tracks[row]))
            self._seen_s = result.time_s

    def pick(self, result: FrameResult, x: float, y: float) -> bool:
        """Follow who has the smallest box under a point in frame pixels, whatever task found it;
        False where there is nobody."""
        best: tuple[float, Followed | None, FloatArray] | None = None
        for task, found in result.predictions.items():
            # A second model that is compared finds the same people.
            if found.boxes is None or (self.detectors and task not in self.detectors):
                continue
            for row, (box, area) in enumerate(
                zip(found.boxes, box_areas(found.boxes), strict=True)
            ):
                inside = box[0] <= x <= box[2] and box[1] <= y <= box[3]
                track = -1 if found.tracks is None else int(found.tracks[row])
                tracked = Followed(self._detector(task), track) if track >= 0 else None
                if inside and (best is None or area < best[0]):
                    best = float(area), tracked, box
        if best is None:
            return False
        if best[1] is not None:
            self.follow(best[1])
        self._anchor = best[2]
        return True

    def row(self, result: FrameResult) -> int | None:
        """Row of the prediction looked at, or None where it is not seen in this frame."""
        found = self._predictions(result)
        if found is None or not len(found):
            return None
        if found.tracks is None:
            return self._untracked(found)
        rows = np.flatnonzero(found.tracks == self.track)
        return int(rows[0]) if self.followed is not None and len(rows) else None

    def region(self, result: FrameResult) -> FloatArray | None:
        """The box [4] of who is looked at, from whatever task found it, or None."""
        found, row = self._predictions(result), self.row(result)
        if found is not None and row is not None and found.boxes is not None:
            box: FloatArray = found.boxes[row]
            return box
        return None if self.followed is None else self._box_of(result, self.followed)

    def _detector(self, task: str | None) -> str:
        return self.detectors.get(task or "", task or "")

    def _predictions(self, result: FrameResult) -> Predictions | None:
        return result.predictions.get(self.task) if self.task is not None else None

    def _box_of(self, result: FrameResult, followed: Followed) -> FloatArray | None:
        for task, found in result.predictions.items():
            if self._detector(task) != followed.detector:
                continue
            if found.tracks is not None and found.boxes is not None:
                rows = np.flatnonzero(found.tracks == followed.number)
                if len(rows):
                    box: FloatArray = found.boxes[rows[0]]
                    return box
        return None

    def _untracked(self, found: Predictions) -> int:
        """Of a whole frame the surest; on photographs, what lies where the user clicked, or the
        largest."""
        if found.boxes is None:
            return int(np.argmax(found.scores))
        if self._anchor is not None:
            overlap = box_iou(self._anchor[None], found.boxes)[0]
            if overlap.max() > _LOST:
                return int(np.argmax(overlap))
        return int(np.argmax(box_areas(found.boxes)))
