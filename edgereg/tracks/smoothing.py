"""Smoothing that uses the density: each value of each track filtered by how sure it is.

Two Kalman filters run side by side on every value, one for rest and one for motion, and are mixed
by how well each foresaw what came (interacting multiple models; Blom and Bar-Shalom, IEEE TAC
1988): a still head is held still, and one that turns is followed at once. The noise of a
measurement is the prediction's own standard deviation, so an unsure value moves little; how much of
it changes from frame to frame, and is no lasting error, is learnt on the way.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

# Noise of the motion models, in units of the measurement's std: drift at rest, per root of a
# second; acceleration in motion, per second to the power of 3/2.
REST, MOVE = 0.6, 60.0
# Chance to go on as before, over a frame of a 25th of a second.
STAY = np.array([0.97, 0.90])
FRAME_S = 0.04
# Share of the past in running means.
MEMORY = 0.9
# The least and the most of a std that is taken for noise from frame to frame.
LEAST_SHARE, MOST_SHARE = 0.15, 1.0


@dataclass
class Smoother:
    """D values of one track.

    level, slope: float64 [2, D] of the two models (rest, motion); spread: [2, D, 2, 2] their
    covariances; share: [2, D], how probable each model is. noise: [D], the usual measurement noise.
    jitter: [D], how much of the std is noise from frame to frame; before: the last two values.
    """

    level: Array
    slope: Array
    spread: Array
    share: Array
    noise: Array
    jitter: Array
    before: tuple[Array, Array]
    time_s: float

    @classmethod
    def begin(cls, values: Array, std: Array, time_s: float) -> Smoother:
        """A track that is seen for the first time: values [D] and their std [D]."""
        d = len(values)
        spread = np.zeros((2, d, 2, 2))
        spread[..., 0, 0] = std**2
        spread[1, :, 1, 1] = (20 * std) ** 2
        level = np.tile(values, (2, 1))
        half, jitter = np.full((2, d), 0.5), np.full(d, 0.5)
        start = (values.copy(), values.copy())
        return cls(level, np.zeros((2, d)), spread, half, jitter * std, jitter, start, time_s)

    def update(self, values: Array, std: Array, time_s: float) -> Array:
        """Take in values [D] with std [D] at a time; returns the smoothed values [D]."""
        seconds = max(time_s - self.time_s, 1e-3)
        self.time_s = time_s
        noise = self._noise_of(values, std)
        self.noise = MEMORY * self.noise + (1 - MEMORY) * noise
        self._mix(seconds)
        self._predict(seconds)
        likelihood = self._correct(values, noise)
        share = self.share * likelihood
        self.share = share / share.sum(axis=0)
        return np.asarray((self.share * self.level).sum(axis=0))

    def _noise_of(self, values: Array, std: Array) -> Array:
        """The part of the std [D] that changes from frame to frame.

        The second difference of independent noise has sqrt(6) times its std, and a mean amount of
        sqrt(2 / pi) times that; steady motion adds nothing to it.
        """
        first, second = self.before
        self.before = (second, values.copy())
        amount = np.abs(values - 2 * second + first) / (np.sqrt(12 / np.pi) * std)
        seen = np.clip(amount, 0.0, MOST_SHARE)
        self.jitter = MEMORY * self.jitter + (1 - MEMORY) * seen
        return np.asarray(np.clip(self.jitter, LEAST_SHARE, MOST_SHARE) * std)

    def _mix(self, seconds: float) -> None:
        """Each model begins the step with what both believe, weighted by the chance of a change."""
        stay = STAY ** min(seconds / FRAME_S, 10.0)
        chances = np.array([[stay[0], 1 - stay[0]], [1 - stay[1], stay[1]]])
        joint = chances[:, :, None] * self.share[:, None, :]
        self.share = joint.sum(axis=0)
        weights = joint / self.share[None]
        state = np.stack([self.level, self.slope], axis=-1)
        mixed = np.einsum("ijd,idk->jdk", weights, state)
        apart = state[:, None] - mixed[None]
        spread = self.spread[:, None] + apart[..., :, None] * apart[..., None, :]
        self.spread = np.einsum("ijd,ijdkl->jdkl", weights, spread)
        self.level, self.slope = mixed[..., 0], mixed[..., 1]

    def _predict(self, seconds: float) -> None:
        self.slope[0] = 0.0
        self.spread[0, :, 1, :] = self.spread[0, :, :, 1] = 0.0
        self.spread[0, :, 0, 0] += (REST * self.noise) ** 2 * seconds
        step = np.array([[1.0, seconds], [0.0, 1.0]])
        self.level[1] = self.level[1] + seconds * self.slope[1]
        drift = np.array([[seconds**3 / 3, seconds**2 / 2], [seconds**2 / 2, seconds]])
        push = (MOVE * self.noise) ** 2
        self.spread[1] = step @ self.spread[1] @ step.T + push[:, None, None] * drift

    def _correct(self, values: Array, std: Array) -> Array:
        """Kalman's correction of both models; returns how likely each found the values [2, D]."""
        surprise = values - self.level
        variance = self.spread[..., 0, 0] + std**2
        gain = self.spread[..., 0] / variance[..., None]
        self.level = self.level + gain[..., 0] * surprise
        self.slope = self.slope + gain[..., 1] * surprise
        self.spread = self.spread - gain[..., :, None] * self.spread[..., 0, None, :]
        return np.asarray(np.exp(-0.5 * surprise**2 / variance) / np.sqrt(variance) + 1e-12)


@dataclass
class Smoothing:
    """The smoothers of all tracks of one task; those not seen for `patience_s` are forgotten."""

    patience_s: float = 1.0
    _tracks: dict[int, Smoother] = field(default_factory=dict)

    def update(
        self, time_s: float, tracks: npt.NDArray[np.int64], values: Array, std: Array
    ) -> Array:
        """Smoothed values [N, D] of the predictions of tracks [N]: values and std [N, D].

        Predictions without a track (negative) stay as they are.
        """
        smoothed = np.array(values, np.float64)
        for row, track in enumerate(tracks.tolist()):
            if track < 0:
                continue
            known = self._tracks.get(track)
            if known is None or time_s - known.time_s > self.patience_s or time_s <= known.time_s:
                self._tracks[track] = Smoother.begin(values[row], std[row], time_s)
            else:
                smoothed[row] = known.update(values[row], std[row], time_s)
        gone = [t for t, one in self._tracks.items() if time_s - one.time_s > self.patience_s]
        for track in gone:
            del self._tracks[track]
        return smoothed

    def forget(self, track: int) -> None:
        """The next value of the track is its first."""
        self._tracks.pop(track, None)
