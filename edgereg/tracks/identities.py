"""Identities through a clip: boxes of each frame are matched with the tracks seen so far.

Association after published trackers: motion by a Kalman filter and assignment by overlap (SORT),
boxes of low score only to keep tracks alive (ByteTrack), and lost tracks taken up again where they
were last seen (OC-SORT's recovery), here by their colours beside the place.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from edgereg.core.arrays import FloatArray, Image
from edgereg.core.geometry import box_iou
from edgereg.tracks.appearance import SIZE, colours_of
from edgereg.tracks.motion import Motion, to_centres

Tracks = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Association:
    """When two boxes are of one track.

    birth_score: boxes below it begin no track. overlap: least IoU with where a track is expected,
    unsure_overlap: of a box that could begin none.
    patience_s: how long a lost track is remembered. alike: least likeness of colours, in [0, 1],
    with which a lost track is taken up again; reach: how far from where it was lost, in heights of
    the box and for each second, up to three.
    """

    birth_score: float = 0.4
    overlap: float = 0.15
    unsure_overlap: float = 0.55
    patience_s: float = 3.0
    alike: float = 0.75
    reach: float = 1.2


@dataclass
class Identities:
    """The tracks of one clip. Numbers begin with 1 and are never given twice."""

    settings: Association = field(default_factory=Association)
    _motion: Motion = field(default_factory=Motion.none)
    _numbers: Tracks = field(default_factory=lambda: np.zeros(0, np.int64))
    _seen_s: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    _last: FloatArray = field(default_factory=lambda: np.zeros((0, 4), np.float32))
    _scores: FloatArray = field(default_factory=lambda: np.zeros(0, np.float32))
    _colours: FloatArray = field(default_factory=lambda: np.zeros((0, SIZE), np.float32))
    _now_s: float | None = None
    _detected_s: float = -np.inf
    _next: int = 1

    def update(
        self,
        image: Image,
        time_s: float,
        boxes: FloatArray,
        scores: FloatArray,
        sure: npt.NDArray[np.bool_] | None = None,
    ) -> Tracks:
        """Tracks int64 [N] of the boxes [N, 4] that were found in a frame, -1 for one that is too
        unsure to begin a track. sure: bool [N], others begin none whatever their score."""
        self._advance(time_s)
        self._detected_s = time_s
        colours = colours_of(image, boxes)
        tracks = np.full(len(boxes), -1, np.int64)
        free_rows, free_boxes = np.arange(len(self._numbers)), np.arange(len(boxes))
        able = scores >= self.settings.birth_score
        sure = able if sure is None else sure & able
        for chosen, least in (
            (sure, self.settings.overlap),
            (~sure, self.settings.unsure_overlap),
        ):
            fresh = self._seen_s[free_rows] >= time_s - 0.5
            rows, mine = free_rows[fresh], free_boxes[chosen[free_boxes]]
            pairs = self._by_overlap(rows, boxes[mine], colours[mine], least)
            for row, box in pairs:
                self._take(rows[row], mine[box], boxes, scores, colours, tracks)
            free_rows = np.setdiff1d(free_rows, [rows[row] for row, _ in pairs])
            free_boxes = np.setdiff1d(free_boxes, [mine[box] for _, box in pairs])
        mine = free_boxes[sure[free_boxes]]
        for row, box in self._taken_up(free_rows, boxes[mine], colours[mine], time_s):
            self._take(free_rows[row], mine[box], boxes, scores, colours, tracks)
        self._begin(np.flatnonzero((tracks < 0) & sure), boxes, scores, colours, tracks)
        return tracks

    def carry(self, time_s: float) -> tuple[FloatArray, FloatArray, Tracks]:
        """Where the tracks of the last detection are expected in a frame that nobody looked at:
        boxes [M, 4], scores [M] and tracks [M]."""
        self._advance(time_s)
        return self.latest()

    def latest(self) -> tuple[FloatArray, FloatArray, Tracks]:
        """Boxes [M, 4], scores [M] and tracks [M] that the last detection saw, as they are now."""
        current = self._seen_s >= self._detected_s
        return self._motion.boxes[current], self._scores[current], self._numbers[current]

    def successor(self) -> Identities:
        """Fresh tracks whose numbers go on from these."""
        return Identities(self.settings, _next=self._next)

    def moved(self, tracks: Tracks, boxes: FloatArray) -> None:
        """Correct carried tracks by boxes [M, 4] that the picture's motion gives."""
        rows = np.flatnonzero(np.isin(self._numbers, tracks))
        self._motion.correct(rows, boxes)

    def _advance(self, time_s: float) -> None:
        before, self._now_s = self._now_s, time_s
        if before is not None and time_s > before:
            self._motion.predict(time_s - before)
        kept = self._seen_s >= time_s - self.settings.patience_s
        self._motion.keep(kept)
        self._numbers, self._seen_s = self._numbers[kept], self._seen_s[kept]
        self._last, self._scores = self._last[kept], self._scores[kept]
        self._colours = self._colours[kept]

    def _by_overlap(
        self, rows: npt.NDArray[np.intp], boxes: FloatArray, colours: FloatArray, least: float
    ) -> list[tuple[int, int]]:
        """(row, box) of the best assignment by overlap, at least `least`, with where tracks are
        expected."""
        expected = self._motion.boxes[rows]
        overlap = np.maximum(box_iou(expected, boxes), box_iou(self._last[rows], boxes) * 0.9)
        # Colours decide between two boxes that fit alike, as in the middle of a crossing.
        worth = overlap + 0.25 * (self._colours[rows] @ colours.T)
        worth[overlap < least] = -1
        return _assigned(worth)

    def _taken_up(
        self,
        rows: npt.NDArray[np.intp],
        boxes: FloatArray,
        colours: FloatArray,
        time_s: float,
    ) -> list[tuple[int, int]]:
        """(row, box) of lost tracks that come back: near, of like size and colours."""
        if not len(rows) or not len(boxes):
            return []
        gone_s = np.maximum(time_s - self._seen_s[rows], 0)
        here, there = to_centres(boxes), to_centres(self._last[rows])
        expected = to_centres(self._motion.boxes[rows])
        height = np.maximum(there[:, None, 3], 1.0)
        reach = self.settings.reach * (1 + np.minimum(gone_s, 2.0))[:, None]
        distances = [
            np.linalg.norm(here[None, :, :2] - place[:, None, :2], axis=2) / height
            for place in (there, expected)
        ]
        distance = np.minimum(*distances)
        growth = np.abs(np.log(here[None, :, 3] / height))
        alike = self._colours[rows] @ colours.T
        worth = alike - 0.3 * distance / reach
        worth[(distance > reach) | (growth > 0.5) | (alike < self.settings.alike)] = -1
        return _assigned(worth)

    def _take(
        self,
        row: int,
        box: int,
        boxes: FloatArray,
        scores: FloatArray,
        colours: FloatArray,
        tracks: Tracks,
    ) -> None:
        """A box is of a track: say so, and learn from it."""
        tracks[box] = self._numbers[row]
        self._motion.correct(np.array([row]), boxes[[box]])
        assert self._now_s is not None  # noqa: S101 - `update` has set it
        self._seen_s[row], self._last[row], self._scores[row] = self._now_s, boxes[box], scores[box]
        # Slowly: half hidden behind another, a track must not learn the other's colours.
        self._colours[row] = 0.9 * self._colours[row] + 0.1 * colours[box]

    def _begin(
        self,
        chosen: npt.NDArray[np.intp],
        boxes: FloatArray,
        scores: FloatArray,
        colours: FloatArray,
        tracks: Tracks,
    ) -> None:
        numbers = np.arange(self._next, self._next + len(chosen))
        tracks[chosen] = numbers
        self._next += len(chosen)
        self._motion.add(boxes[chosen])
        self._numbers = np.concatenate([self._numbers, numbers])
        self._seen_s = np.concatenate([self._seen_s, np.full(len(chosen), self._now_s)])
        self._last = np.concatenate([self._last, boxes[chosen]])
        self._scores = np.concatenate([self._scores, scores[chosen]])
        self._colours = np.concatenate([self._colours, colours[chosen]])


def _assigned(worth: npt.NDArray[np.float64]) -> list[tuple[int, int]]:
    """Pairs of rows and columns whose worths add up to the most; none of negative worth."""
    rows, columns = linear_sum_assignment(np.maximum(worth, 0), maximize=True)
    return [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if worth[r, c] >= 0]
