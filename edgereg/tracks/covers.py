"""What has to be covered in each frame so that nobody who was found can be recognised.

A detector misses a head now and then, and one frame is enough to know somebody by. With the whole
clip seen (`Gathered`), a track has no gap: where its box is missing it is interpolated, and it
begins a moment before the head was first found and ends a moment after it was last seen. Of a live
source the future is not known (`Held`): a box that is missing stays where it was for a while.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import FloatArray
from edgereg.core.result import FrameResult

# How a box is known: found by the detector, found with a low score, or only carried there.
FOUND, UNCERTAIN, CARRIED = 0, 1, 2
# Scores below this are near the thresholds of detectors.
SURE = 0.65

# How long a box is covered before a track's first frame and after its last one.
LEAD_S = 0.4
# How long a missing box is covered where the future is not known.
HELD_S = 1.0
# A box grows by this share of its size for each frame since it was seen, up to `MOST`.
GROWTH, MOST = 0.02, 0.5


@dataclass(frozen=True)
class Cover:
    """What to cover in one frame.

    boxes: float32 [N, 4] (x1, y1, x2, y2) in frame pixels. how: int64 [N], FOUND, UNCERTAIN or
    CARRIED. tracks: int64 [N], negative where a box has none.
    """

    boxes: FloatArray
    how: npt.NDArray[np.int64]
    tracks: npt.NDArray[np.int64]

    @classmethod
    def of(cls, result: FrameResult, task: str) -> Cover | None:
        """The boxes that a detector found in a frame; None where it failed."""
        found = result.predictions.get(task)
        if found is None or found.boxes is None:
            return None
        tracks = np.full(len(found), -1) if found.tracks is None else found.tracks
        how = np.where(found.scores < SURE, UNCERTAIN, FOUND)
        if found.states is not None:
            how[np.array(found.states) == "carried"] = CARRIED
        return cls(found.boxes, how.astype(np.int64), tracks.astype(np.int64))

    def joined(self, others: Iterable[Cover]) -> Cover:
        """These boxes and others."""
        every = [self, *others]
        return Cover(
            np.concatenate([each.boxes for each in every]),
            np.concatenate([each.how for each in every]),
            np.concatenate([each.tracks for each in every]),
        )


@dataclass
class Gathered:
    """A sink that gathers the boxes of a whole run.

    task: the detector's. A frame is known by its index in the source.
    """

    task: str
    _frames: list[tuple[int, int, float, Cover | None]] = field(default_factory=list)

    def write(self, result: FrameResult) -> None:
        """Take in a frame."""
        cover = Cover.of(result, self.task)
        self._frames.append((result.clip, result.index, result.time_s, cover))

    def close(self) -> None:
        """Nothing to close."""

    def covers(self) -> Mapping[int, Cover]:
        """What to cover, by index; without the frames in which the detector failed."""
        whole: dict[int, Cover] = {}
        for _, frames in groupby(self._frames, key=lambda frame: frame[0]):
            kept = [(index, time_s, cover) for _, index, time_s, cover in frames if cover]
            covers = without_gaps([time_s for _, time_s, _ in kept], [cover for *_, cover in kept])
            whole |= {index: cover for (index, *_), cover in zip(kept, covers, strict=True)}
        return whole


def without_gaps(times_s: Sequence[float], covers: Sequence[Cover]) -> list[Cover]:
    """The covers of a clip's frames, with the boxes that its tracks lack."""
    seen: dict[int, list[tuple[int, FloatArray]]] = {}
    for position, cover in enumerate(covers):
        for track, box in zip(cover.tracks.tolist(), cover.boxes, strict=True):
            if track >= 0:
                seen.setdefault(track, []).append((position, box))
    missing: list[list[Cover]] = [[] for _ in covers]
    times, lead_s = np.asarray(times_s), LEAD_S + 1e-6  # times are rounded
    for track, sightings in seen.items():
        known = np.array([position for position, _ in sightings])
        boxes = np.stack([box for _, box in sightings])
        first = int(np.searchsorted(times, times[known[0]] - lead_s))
        end = int(np.searchsorted(times, times[known[-1]] + lead_s, side="right"))
        lacking = np.setdiff1d(np.arange(first, end), known)
        for position, box in zip(lacking, _between(lacking, known, boxes), strict=True):
            missing[position].append(_carried(box[None], np.array([track])))
    return [cover.joined(more) for cover, more in zip(covers, missing, strict=True)]


def _between(
    lacking: npt.NDArray[np.int64], known: npt.NDArray[np.int64], boxes: FloatArray
) -> FloatArray:
    """Boxes [M, 4] at the positions [M] that lack one, from those [K, 4] at known positions [K]."""
    between = np.stack([np.interp(lacking, known, column) for column in boxes.T], axis=1)
    after = np.searchsorted(known, lacking)
    nearest = np.minimum(
        np.abs(lacking - known[np.maximum(after - 1, 0)]),
        np.abs(lacking - known[np.minimum(after, len(known) - 1)]),
    )
    return grown(between.astype(np.float32), np.minimum(GROWTH * nearest, MOST))


def _carried(boxes: FloatArray, tracks: npt.NDArray[np.int64]) -> Cover:
    return Cover(boxes, np.full(len(boxes), CARRIED), tracks)


@dataclass
class Held:
    """Covers frame by frame: a track whose box is missing keeps its last one for a while."""

    task: str
    _last: dict[int, tuple[float, int, FloatArray]] = field(default_factory=dict)
    _clip: int = 0

    def cover(self, result: FrameResult) -> Cover | None:
        """What to cover in the next frame; None where the detector failed."""
        cover = Cover.of(result, self.task)
        if cover is None:
            return None
        if result.clip != self._clip:
            self._last, self._clip = {}, result.clip
        now_s = result.time_s
        held = []
        for track, (seen_s, frames, box) in list(self._last.items()):
            if not 0 <= now_s - seen_s <= HELD_S:
                del self._last[track]
            elif track not in cover.tracks:
                self._last[track] = (seen_s, frames + 1, box)
                larger = grown(box[None], np.array([min(GROWTH * (frames + 1), MOST)]))
                held.append(_carried(larger, np.array([track])))
        for track, box in zip(cover.tracks.tolist(), cover.boxes, strict=True):
            if track >= 0:
                self._last[track] = (now_s, 0, box)
        return cover.joined(held)


def grown(boxes: FloatArray, shares: npt.NDArray[np.float64], pixels: float = 0.0) -> FloatArray:
    """Boxes [N, 4] with a margin on every side: a share [N] of their size, and some pixels."""
    margin = (boxes[:, 2:] - boxes[:, :2]) * shares[:, None] + pixels
    larger: FloatArray = np.concatenate([boxes[:, :2] - margin, boxes[:, 2:] + margin], axis=1)
    return larger.astype(np.float32)
