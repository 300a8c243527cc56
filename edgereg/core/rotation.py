"""Rotations of heads in all their forms: angles, matrices, quaternions, and how far two differ.

R = Rz(roll) Ry(yaw) Rx(pitch), as `geometry.rotation_matrix` makes it; x to image right, y up, z
towards the camera.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import FloatArray
from edgereg.core.geometry import rotation_matrix

Floats = npt.NDArray[np.float64]


def angles_of(rotations: npt.ArrayLike) -> FloatArray:
    """Yaw, pitch, roll [..., 3] in degrees of rotation matrices [..., 3, 3]; yaw within +-90."""
    r = np.asarray(rotations, np.float64)
    yaw = np.arctan2(-r[..., 2, 0], np.hypot(r[..., 2, 1], r[..., 2, 2]))
    pitch = np.arctan2(r[..., 2, 1], r[..., 2, 2])
    roll = np.arctan2(r[..., 1, 0], r[..., 0, 0])
    return np.asarray(np.degrees(np.stack([yaw, pitch, roll], -1)), np.float32)


def quaternions_of(angles: npt.ArrayLike) -> Floats:
    """Unit quaternions (w, x, y, z) [..., 4], w >= 0, of yaw, pitch, roll [..., 3] in degrees."""
    half = np.radians(np.asarray(angles, np.float64)) / 2
    (cy, cp, cr), (sy, sp, sr) = np.moveaxis(np.stack([np.cos(half), np.sin(half)]), -1, 1)
    parts = [
        cr * cy * cp + sr * sy * sp,
        cr * cy * sp - sr * sy * cp,
        cr * sy * cp + sr * cy * sp,
        sr * cy * cp - cr * sy * sp,
    ]
    found: Floats = np.stack(parts, -1)
    return np.where(found[..., :1] < 0, -found, found)


def geodesic(first: npt.ArrayLike, second: npt.ArrayLike) -> Floats:
    """The angle in degrees [...] of the one turn between two rotations, given as yaw, pitch, roll
    [..., 3]: the error of a pose that does not depend on the choice of angles."""
    a, b = (quaternions_of(angles) for angles in (first, second))
    same = np.abs((a * b).sum(-1)).clip(0, 1)
    return np.asarray(np.degrees(2 * np.arccos(same)))


def recentred(angles: npt.ArrayLike, zero: npt.ArrayLike) -> FloatArray:
    """Yaw, pitch, roll [..., 3] as seen from a pose that counts as zero, [3]: R0^T R. What a head
    reads that looks as it did at `zero` is 0, 0, 0."""
    start = rotation_matrix(np.asarray(zero, np.float64).reshape(3))
    many = np.asarray(angles, np.float64)
    turned = start.T @ rotation_matrix(many.reshape(-1, 3))
    return angles_of(turned).reshape(many.shape)
