"""A camera whose field of view is known: looking straight at a head that is off the axis.

A picture shows a head at its border as from the side, and stretched. The crops made here are those
of a camera turned to the head, so that a pose read off them and the turn together are exact.
Axes: x to image right, y up, z towards the camera, which looks along -z.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import FloatArray, Image

Floats = npt.NDArray[np.float64]
# From the axes of space to those of pictures, y down and forward positive.
_TO_PICTURE = np.diag([1.0, -1.0, -1.0])


@dataclass(frozen=True)
class Camera:
    """focal: px; centre: (x, y) px of the optical axis. Pixels are square, lenses do not bend."""

    focal: float
    centre: tuple[float, float]

    @classmethod
    def of_fov(cls, degrees: float, size: tuple[int, int]) -> Camera:
        """Of frames of this size (width, height) that show `degrees` from left to right.

        Raises ValueError outside of 1 to 170 degrees.
        """
        if not 1 <= degrees <= 170:
            raise ValueError(f"a field of view is 1 to 170 degrees, not {degrees:g}")
        width, height = size
        focal = width / 2 / math.tan(math.radians(degrees) / 2)
        return cls(focal, (width / 2, height / 2))

    def rays(self, points: npt.NDArray[np.floating]) -> Floats:
        """Unit vectors [N, 3] from the camera through points [N, 2] of the picture."""
        x, y = ((points - np.array(self.centre)) / self.focal).T
        rays = np.stack([x, -y, -np.ones_like(x)], 1)
        return np.asarray(rays / np.linalg.norm(rays, axis=1, keepdims=True))

    def turns(self, points: npt.NDArray[np.floating]) -> Floats:
        """Rotations [N, 3, 3] that turn the optical axis to points [N, 2], without a twist."""
        forward = np.array([0.0, 0.0, -1.0])
        found = np.empty((len(points), 3, 3))
        for turn, ray in zip(found, self.rays(points), strict=True):
            axis = np.cross(forward, ray)
            sine, cosine = float(np.linalg.norm(axis)), float(forward @ ray)
            turn[:] = cv2.Rodrigues(axis / max(sine, 1e-12) * math.atan2(sine, cosine))[0]
        return found

    def straightened(
        self, boxes: npt.NDArray[np.floating], turns: npt.NDArray[np.floating]
    ) -> FloatArray:
        """Width and height [N, 2] in px of boxes [N, 4], as a camera of this focal length turned to
        each would show them."""
        x1, y1, x2, y2 = np.asarray(boxes, np.float64).T
        x, y = (x1 + x2) / 2, (y1 + y2) / 2
        ends = np.stack([np.stack(p, 1) for p in ((x1, y), (x2, y), (x, y1), (x, y2))], 1)
        seen = self.rays(ends.reshape(-1, 2)).reshape(-1, 4, 3) @ turns
        flat = self.focal * seen[..., :2] / -seen[..., 2:]
        return np.stack(
            [
                np.linalg.norm(flat[:, 1] - flat[:, 0], axis=1),
                np.linalg.norm(flat[:, 3] - flat[:, 2], axis=1),
            ],
            1,
        ).astype(np.float32)

    def crops(
        self,
        image: Image,
        turns: npt.NDArray[np.floating],
        sides: npt.NDArray[np.floating],
        size: int,
    ) -> Image:
        """Squares uint8 [N, size, size, 3] of `sides` [N] px at this focal length, as the camera
        turned by each of `turns` shows them; beyond the picture its border is repeated."""
        found = np.empty((len(turns), size, size, 3), np.uint8)
        inner = np.array(
            [[self.focal, 0, self.centre[0]], [0, self.focal, self.centre[1]], [0, 0, 1]]
        )
        for crop, turn, side in zip(found, turns, sides, strict=True):
            # Sampled at a whole multiple, then averaged over areas, as `square_crops` does.
            factor = max(1, math.ceil(float(side) / size - 1e-6))
            fine = size * factor
            focal = self.focal * fine / max(float(side), 1.0)
            outer = np.array(
                [[1 / focal, 0, -fine / 2 / focal], [0, 1 / focal, -fine / 2 / focal], [0, 0, 1]]
            )
            to_frame = inner @ _TO_PICTURE @ turn @ _TO_PICTURE @ outer
            # Continuous pixels to OpenCV's, whose first pixel's centre is at 0.
            half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
            matrix = np.linalg.inv(half) @ to_frame @ half
            view = cv2.warpPerspective(
                image,
                matrix,
                (fine, fine),
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REPLICATE,
            )
            small = (
                view
                if factor == 1
                else cv2.resize(view, (size, size), interpolation=cv2.INTER_AREA)
            )
            crop[:] = small
        return found
