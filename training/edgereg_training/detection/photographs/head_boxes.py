"""Whole-head boxes from 68 face points: an ellipsoid that turns and scales with the face.

A rendered head's box holds hair and hat and ends at the chin (`render.person`). A photograph whose
face points and rotation are known gets its box by the same rule: the points say where the turned
mean face of the MakeHuman mesh lies and how large it is (scaled orthographic projection), and an
ellipsoid fixed to that face is projected. Its centre and radii are those that fit the boxes of
rendered heads best.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares

from edgereg.core.geometry import rotation_matrix
from edgereg_training.render.assets import load_assets
from edgereg_training.render.shards import iter_shards

Array = npt.NDArray[np.float64]
# Of the 68: the outer jaw line is defined differently by different hands.
USED = np.array([5, 6, 7, 8, 9, 10, 11, *range(17, 68)])


@dataclass(frozen=True)
class HeadShape:
    """face: the mean face's points [68, 3] about their centre; centre, radii [3]: the head's
    ellipsoid in the same frame (decimetres)."""

    face: Array
    centre: Array
    radii: Array

    def boxes(
        self, points: npt.NDArray[np.floating], rotations: npt.NDArray[np.floating]
    ) -> npt.NDArray[np.float32]:
        """Boxes [N, 4] (x1, y1, x2, y2) of heads with points [N, 68, 2], in the same pixels.

        rotations: [N, 3, 3], as `edgereg.core.geometry.rotation_matrix` gives them.
        """
        cameras, offsets = _cameras(self.face, points, rotations)
        return np.asarray(_projected(cameras, offsets, self.centre, self.radii), np.float32)


def fit_head_shape(assets: Path, heads: Path) -> HeadShape:
    """The shape for boxes as in `heads`, shards of single rendered heads (`edgereg render heads`)
    that were made from `assets`, the MakeHuman folder."""
    mesh = load_assets(assets)
    face = np.asarray(mesh.base.points[mesh.landmarks], np.float64)
    face -= face.mean(axis=0)
    shards = list(iter_shards(heads))
    points = np.concatenate([shard["landmarks"] for shard in shards])
    rotations = rotation_matrix(np.concatenate([shard["pose"] for shard in shards]))
    boxes = np.concatenate([shard["box"] for shard in shards])
    cameras, offsets = _cameras(face, points, rotations)
    side = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True)

    def residuals(shape: Array) -> Array:
        miss = (_projected(cameras, offsets, shape[:3], shape[3:]) - boxes) / side
        return np.asarray(miss, np.float64).ravel()

    start = np.array([0, 0.3, -0.8, 0.9, 1.2, 1.0])
    found = np.asarray(least_squares(residuals, start, loss="soft_l1", f_scale=0.03).x)
    return HeadShape(face, found[:3], found[3:])


def _cameras(
    face: Array, points: npt.NDArray[np.floating], rotations: npt.NDArray[np.floating]
) -> tuple[Array, Array]:
    """Scaled rotations [N, 2, 3] and offsets [N, 2] that take the face to points [N, 68, 2]."""
    turned = rotations[:, :2] * np.array([[1.0], [-1.0]])  # image y points down
    shape = np.einsum("nij,pj->npi", turned, face[USED])
    wanted = np.asarray(points, np.float64)[:, USED]
    around, aim = shape - shape.mean(axis=1, keepdims=True), wanted - wanted.mean(1, keepdims=True)
    scale = (around * aim).sum(axis=(1, 2)) / np.square(around).sum(axis=(1, 2))
    cameras = turned * scale[:, None, None]
    offsets = wanted.mean(axis=1) - scale[:, None] * shape.mean(axis=1)
    return np.asarray(cameras, np.float64), np.asarray(offsets, np.float64)


def _projected(cameras: Array, offsets: Array, centre: Array, radii: Array) -> Array:
    """Boxes [N, 4] of the ellipsoid seen by affine cameras."""
    middle = cameras @ centre + offsets
    reach = np.sqrt(np.square(cameras * radii).sum(axis=2))
    return np.concatenate([middle - reach, middle + reach], axis=1)
