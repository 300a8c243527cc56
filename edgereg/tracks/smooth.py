"""The built-in filter `smooth`: every value of every track, by the prediction's own certainty."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.spatial.transform import Rotation

from edgereg.core.filters import Filter
from edgereg.core.frames import Frame
from edgereg.core.geometry import rotation_matrix
from edgereg.core.kinds import Angles, Boxes, Kinds, Map, Points
from edgereg.core.predictions import Predictions
from edgereg.core.rotation import angles_of
from edgereg.tracks.smoothing import Array, Smoothing

# Noise of a value whose model says nothing of its certainty: of places, in shares of the box's
# longer side; of numbers, in shares of their range.
PLACE_SHARE, RANGE_SHARE = 0.02, 0.02
# A rotation further than this from where a track's vectors start gets a new start, degrees.
FAR = 120.0


@dataclass
class SmoothState:
    """Smooths the predictions of one task; those without a track stay as they are."""

    kinds: Kinds
    _numbers: Smoothing = field(default_factory=Smoothing)
    _turns: Smoothing = field(default_factory=Smoothing)
    _starts: dict[int, Rotation] = field(default_factory=dict)

    def apply(self, frame: Frame, predictions: Predictions) -> Predictions:
        """The predictions with `smoothed` beside `values`."""
        p = predictions
        if p.tracks is None or not len(p):
            return p
        values, std = p.values.astype(np.float64), self._std_of(p)
        smoothed = self._numbers.update(frame.time_s, p.tracks, values, std)
        start = 0
        for kind in self.kinds:
            width = sum(value.size for value in kind.values)
            if isinstance(kind, Angles) and kind.is_rotation:
                part = slice(start, start + 3)
                smoothed[:, part] = self._turned(
                    frame.time_s, p.tracks, values[:, part], std[:, part]
                )
            start += width
        return replace(p, smoothed=smoothed.astype(np.float32))

    def reset(self, why: str) -> None:
        """Forget all tracks."""
        self._numbers, self._turns, self._starts = Smoothing(), Smoothing(), {}

    def _std_of(self, p: Predictions) -> Array:
        if p.std is not None:
            return np.maximum(p.std.astype(np.float64), 1e-6)
        boxes = p.boxes
        sides = np.ones(len(p)) if boxes is None else (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
        columns: list[Array] = []
        for kind in self.kinds:
            if isinstance(kind, Boxes | Points):
                width = sum(value.size for value in kind.values)
                columns += [np.maximum(PLACE_SHARE * sides, 1e-6)] * width
            elif isinstance(kind, Map):
                columns += [np.full(len(p), RANGE_SHARE * (kind.high - kind.low))] * kind.values[
                    0
                ].size
            elif isinstance(kind, Angles):
                columns += [np.full(len(p), 2.0)] * len(kind.names)
            else:
                columns += [np.full(len(p), RANGE_SHARE * (t.high - t.low)) for t in kind.numbers]
        return np.stack(columns, axis=1)

    def _turned(self, time_s: float, tracks: np.ndarray, angles: Array, std: Array) -> Array:
        """Rotations smoothed as vectors in the tangent space of SO(3) at each track's start."""
        turns = Rotation.from_matrix(rotation_matrix(angles))
        vectors = np.zeros_like(angles)
        for row, track in enumerate(tracks.tolist()):
            start = self._starts.setdefault(track, turns[row])
            vectors[row] = np.degrees((start.inv() * turns[row]).as_rotvec())
            if np.linalg.norm(vectors[row]) > FAR:
                self._starts[track] = turns[row]
                self._turns.forget(track)
                vectors[row] = 0.0
        smooth = self._turns.update(time_s, tracks, vectors, std)
        starts = Rotation.concatenate([self._starts[track] for track in tracks.tolist()])
        turned = (starts * Rotation.from_rotvec(np.radians(smooth))).as_matrix()
        return _like(angles_of(turned).astype(np.float64), angles)


def _like(found: Array, angles: Array) -> Array:
    """Of the two triples that name a rotation, the one that is nearer to what the task gave:
    beyond 90 degrees of yaw that is (180 - yaw, pitch + 180, roll + 180)."""
    other = np.stack([180 - found[:, 0], found[:, 1] + 180, found[:, 2] + 180], axis=1)
    gaps = [np.abs((each - angles + 180) % 360 - 180).sum(axis=1) for each in (found, other)]
    chosen = np.where((gaps[1] < gaps[0])[:, None], other, found)
    return np.asarray(angles + (chosen - angles + 180) % 360 - 180)


SMOOTH = Filter(
    "smooth", "steadier values, by their own certainty", lambda kinds: True, SmoothState
)
