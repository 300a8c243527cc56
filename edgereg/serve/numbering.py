"""Numbers of tracks that go on from run to run, so that none is given twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from edgereg.core.frames import Frame
from edgereg.core.predictions import Predictions

# A track that was not seen for so many frames has gone; trackers forget sooner.
FORGOTTEN = 2000


class Numbering:
    """Renames the tracks of one run, which begin with 1, as `StagedPipeline` wants it.

    number: gives a task's next number. Belongs to the stage that tracks; a run with two detectors
    has two such stages, which share nothing in here but the dictionary of tasks.
    """

    def __init__(self, number: Callable[[str], int]) -> None:
        self._number = number
        self._known: dict[str, _Known] = {}

    def __call__(
        self, task: str, frame: Frame, place: tuple[int, int, int], found: Predictions
    ) -> Predictions:
        """A detector's predictions with the numbers of their tracks."""
        if found.tracks is None:
            return found
        known = self._known.get(task)
        if known is None or known.place != place[:2]:  # the detector's own numbers begin again
            known = self._known[task] = _Known(place[:2])
        tracks = [self._renamed(task, known, track) for track in found.tracks.tolist()]
        known.forget()
        return replace(found, tracks=np.asarray(tracks, np.int64))

    def _renamed(self, task: str, known: _Known, track: int) -> int:
        if track < 0:
            return track
        number, _ = known.numbers.get(track) or (self._number(task), 0)
        known.numbers[track] = (number, known.frames)
        return number


class _Known:
    """The tracks of a place: a detector's number to ours, and the frame in which it was seen."""

    def __init__(self, place: tuple[int, int]) -> None:
        self.place = place
        self.frames = 0
        self.numbers: dict[int, tuple[int, int]] = {}

    def forget(self) -> None:
        """Count a frame, and forget from time to time what has gone."""
        self.frames += 1
        if self.frames % FORGOTTEN == 0:
            self.numbers = {
                track: (number, seen)
                for track, (number, seen) in self.numbers.items()
                if seen > self.frames - FORGOTTEN
            }
