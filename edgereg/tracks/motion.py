"""How boxes move: a Kalman filter with constant velocity, for many tracks at once.

Centre x, centre y, width and height of a box are filtered each by itself, since neither the motion
nor the noise of one says anything of the others. All noise is measured in heights of the box, so
that near and far people are treated alike, and time in seconds, so that dropped frames do no harm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

# Standard deviations in heights of the box: of a measured centre or side; of the acceleration of
# centre and sides, per second squared; of the first velocity, per second.
MEASURED = 0.04
ACCELERATION = np.array([6.0, 6.0, 1.5, 1.5])
FIRST_VELOCITY = np.array([2.0, 2.0, 0.5, 0.5])


@dataclass
class Motion:
    """T tracks.

    mean: float64 [T, 4, 2], value and velocity of (cx, cy, w, h) in px and px/s.
    covariance: float64 [T, 4, 2, 2].
    """

    mean: Array
    covariance: Array

    @classmethod
    def none(cls) -> Motion:
        """No track."""
        return cls(np.zeros((0, 4, 2)), np.zeros((0, 4, 2, 2)))

    @property
    def boxes(self) -> npt.NDArray[np.float32]:
        """float32 [T, 4] (x1, y1, x2, y2): where the tracks are now."""
        return from_centres(self.mean[:, :, 0])

    def predict(self, seconds: float) -> None:
        """Let time pass."""
        heights = np.maximum(self.mean[:, 3, 0], 1.0)
        step = np.array([[1.0, seconds], [0.0, 1.0]])
        self.mean = self.mean @ step.T
        # White acceleration over the step; see Bar-Shalom, Estimation with Applications, 6.2.2.
        noise = np.array([[seconds**3 / 3, seconds**2 / 2], [seconds**2 / 2, seconds]])
        spread = (ACCELERATION[None] * heights[:, None]) ** 2
        self.covariance = step @ self.covariance @ step.T + spread[..., None, None] * noise
        self.mean[:, 2:, 0] = np.maximum(self.mean[:, 2:, 0], 1.0)

    def correct(
        self, rows: npt.NDArray[np.intp], boxes: npt.NDArray[np.float32], std: Array | None = None
    ) -> None:
        """Take in measured boxes [M, 4] of the tracks `rows` [M].

        std: float64 [M, 4] px, how sure each measured (cx, cy, w, h) is; None: `MEASURED`.
        """
        measured = to_centres(boxes)
        if std is None:
            std = np.repeat(MEASURED * np.maximum(measured[:, 3:], 1.0), 4, axis=1)
        prior = self.covariance[rows]
        gain = prior[..., 0] / (prior[..., 0, 0] + std**2)[..., None]
        surprise = measured - self.mean[rows, :, 0]
        self.mean[rows] += gain * surprise[..., None]
        self.covariance[rows] = prior - gain[..., :, None] * prior[..., 0, None, :]

    def add(self, boxes: npt.NDArray[np.float32]) -> None:
        """Begin tracks at boxes [M, 4]."""
        centres = to_centres(boxes)
        heights = np.maximum(centres[:, 3:], 1.0)
        variances = np.zeros((len(boxes), 4, 2, 2))
        variances[..., 0, 0] = (MEASURED * heights) ** 2
        variances[..., 1, 1] = (FIRST_VELOCITY[None] * heights) ** 2
        self.mean = np.concatenate([self.mean, np.stack([centres, 0 * centres], axis=-1)])
        self.covariance = np.concatenate([self.covariance, variances])

    def keep(self, rows: npt.NDArray[np.bool_]) -> None:
        """Forget the other tracks."""
        self.mean, self.covariance = self.mean[rows], self.covariance[rows]


def to_centres(boxes: npt.ArrayLike) -> Array:
    """(cx, cy, w, h) [..., 4] of boxes (x1, y1, x2, y2) [..., 4]."""
    b = np.asarray(boxes, np.float64)
    return np.concatenate([(b[..., :2] + b[..., 2:]) / 2, b[..., 2:] - b[..., :2]], axis=-1)


def from_centres(centres: Array) -> npt.NDArray[np.float32]:
    """Boxes (x1, y1, x2, y2) [..., 4] of (cx, cy, w, h) [..., 4]."""
    half = centres[..., 2:] / 2
    corners = np.concatenate([centres[..., :2] - half, centres[..., :2] + half], axis=-1)
    return np.asarray(corners, np.float32)
