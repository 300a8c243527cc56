"""Rotations and mesh normals.

Convention: R = Rz(roll) Ry(yaw) Rx(pitch), +z towards the camera, +y up, +x image right.
+yaw turns the nose to image right, +pitch lowers it, +roll tilts the crown to image left.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def rotation_matrix(yaw: float, pitch: float, roll: float) -> Array:
    """Rotation [3,3] of a head with the given angles in degrees."""
    y, p, r = np.radians([yaw, pitch, roll])
    cy, sy, cp, sp, cr, sr = np.cos(y), np.sin(y), np.cos(p), np.sin(p), np.cos(r), np.sin(r)
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x)


def axis_rotation(axis: Array, angle: float) -> Array:
    """Rotation [3,3] by `angle` radians about `axis` [3]."""
    unit = np.asarray(axis, np.float64) / (np.linalg.norm(axis) + 1e-12)
    return np.asarray(cv2.Rodrigues(unit * angle)[0], np.float64)


def rotation_blend(torso: Array, head: Array, steps: int) -> Array:
    """Rotations [steps,3,3] from `torso` to `head` along the shortest arc, ends included."""
    vector = cv2.Rodrigues(np.asarray(torso.T @ head, np.float64))[0][:, 0]
    shares = np.linspace(0.0, 1.0, steps)
    return np.stack([torso @ cv2.Rodrigues(vector * s)[0] for s in shares])


def triangulate(quads: Array) -> Array:
    """Triangles [2n,3] of quads [n,4], the two halves stacked; column picks work on uv too."""
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def vertex_normals(points: Array, triangles: Array) -> Array:
    """Area-weighted unit normals [V,3] of points [V,3]; zero where no triangle touches."""
    p = points[triangles]
    face = np.cross(p[:, 1] - p[:, 0], p[:, 2] - p[:, 0])
    out = np.zeros((len(points), 3))
    for axis in range(3):
        weights = np.repeat(face[:, axis], 3)
        out[:, axis] = np.bincount(triangles.ravel(), weights, len(points))
    return np.asarray(out / (np.linalg.norm(out, axis=1, keepdims=True) + 1e-12))


def smoothstep(low: float, high: float, x: Any) -> Array:
    """0 at `low`, 1 at `high` (which may be the smaller), smooth between."""
    t = np.clip((np.asarray(x) - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t))
