"""The camera of a rendered track: rays of its pixels, and where things of the world are seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgereg_training.render.geometry import Array


@dataclass(frozen=True)
class Camera:
    """One unit above the ground. focal: px; pitch: looking down, roll: leaning right, radians;
    barrel: an undistorted ray at r lies at d in the picture, r = d / (1 - barrel d^2)."""

    height: int
    width: int
    focal: float
    pitch: float
    roll: float
    barrel: float

    def rays(self) -> Array:
        """Directions float32 [H, W, 3] (right, up, forward)."""
        rows, columns = np.mgrid[: self.height, : self.width].astype(np.float32)
        x = (columns + 0.5 - self.width / 2) / self.focal
        y = (self.height / 2 - rows - 0.5) / self.focal
        stretch = 1 / np.maximum(1 - self.barrel * (x**2 + y**2), 0.05)
        flat = np.stack([x * stretch, y * stretch, np.ones_like(x)], axis=-1)
        return np.asarray(flat @ self._turn().T, np.float32)

    def project(self, points: Array) -> Array:
        """Pixels [N, 2] (x, y) of points [N, 3] (right, up above the camera, forward); nan
        behind the camera."""
        seen = points @ self._turn()
        depth = np.where(seen[:, 2] > 0.05, seen[:, 2], np.nan)
        flat = seen[:, :2] / depth[:, None]
        r = np.linalg.norm(flat, axis=1) + 1e-9
        k = max(self.barrel, 1e-6)
        share = (np.sqrt(1 + 4 * k * r**2) - 1) / (2 * k * r) / r
        x, y = (flat * share[:, None] * self.focal).T
        return np.stack([x + self.width / 2, self.height / 2 - y], axis=1)

    def _turn(self) -> Array:
        """From the camera's axes to the world's."""
        cp, sp = np.cos(self.pitch), np.sin(self.pitch)
        cr, sr = np.cos(self.roll), np.sin(self.roll)
        down = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
        lean = np.array([[cr, sr, 0], [-sr, cr, 0], [0, 0, 1]])
        return np.asarray(down @ lean)


def random_camera(rng: np.random.Generator, height: int, width: int) -> Camera:
    """From a dashboard camera that sees 65 degrees to the wide lens of a small car."""
    wide = rng.random()
    share = 0.78 - 0.36 * wide + rng.normal(0, 0.03)
    return Camera(
        height,
        width,
        focal=float(width * max(share, 0.38)),
        pitch=float(np.radians(rng.uniform(3, 14) + 6 * wide * rng.random())),
        roll=float(np.radians(rng.normal(0, 1.0))),
        barrel=float(0.2 * wide * rng.random()),
    )
