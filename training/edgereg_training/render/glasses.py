"""Spectacles: two rims, a bridge, temples, and dark lenses for the sun."""

from __future__ import annotations

import numpy as np

from edgereg_training.render import materials as m
from edgereg_training.render.geometry import Array
from edgereg_training.render.mesh_builder import MeshBuilder

_STEPS = 24


def add_glasses(rng: np.random.Generator, builder: MeshBuilder, landmarks: Array) -> None:
    """Append spectacles that fit the 68 landmarks [68,3] (dm, rest pose)."""
    right, left = landmarks[36:42].mean(0), landmarks[42:48].mean(0)
    apart = float(np.linalg.norm(left - right))
    width, height = apart * rng.uniform(0.38, 0.45), apart * rng.uniform(0.26, 0.4)
    power = rng.uniform(2.0, 4.0)
    thick = apart * rng.choice([0.03, 0.055, 0.08])
    # In front of lashes and brows, resting on the bridge of the nose.
    front = max(float(landmarks[28, 2]) - 0.02, float(landmarks[[19, 24], 2].max())) + 0.03
    dark = rng.random() < 0.25
    outer = []
    for eye, sign in ((right, -1.0), (left, 1.0)):
        centre = np.array([eye[0] + 0.02 * sign, eye[1] - 0.1 * height, front])
        angle = np.linspace(0, 2 * np.pi, _STEPS, endpoint=False)
        c, s = np.cos(angle), np.sin(angle)
        scale = (np.abs(c) ** power + np.abs(s) ** power) ** (-1 / power)
        # Rims are wrapped a little round the face: the outer edge lies farther back.
        offset = c * scale * width
        back = -0.25 * np.clip(offset * sign, 0, None)
        rim = centre + np.stack([offset, s * scale * height, back], 1)
        _tube(builder, np.concatenate([rim, rim[:1]]), thick)
        if dark:
            _lens(builder, rim)
        outer.append((centre + np.array([sign * width, 0.3 * height, -0.25 * width]), sign))
    bridge_y = (right[1] + left[1]) / 2 + 0.15 * height
    bridge = np.array([[right[0] + 0.02 + width - 0.04, bridge_y, front],
                       [0, bridge_y + 0.05, front + 0.05],
                       [left[0] - 0.02 - width + 0.04, bridge_y, front]])  # fmt: skip
    _tube(builder, bridge, thick)
    for hinge, sign in outer:
        ear = landmarks[0 if sign < 0 else 16]
        end = np.array([ear[0] + 0.04 * sign, hinge[1] + 0.02, ear[2] - 0.1])
        corner = np.array(
            [max(abs(hinge[0]), abs(end[0]) * 0.93) * sign, hinge[1], hinge[2] - 0.15]
        )
        _tube(builder, np.stack([hinge, corner, end, end + np.array([0, -0.2, -0.12])]), thick)


def _tube(builder: MeshBuilder, path: Array, thick: float) -> None:
    """Two crossed ribbons along a path [n,3]: as good as a tube at this size."""
    for side in (np.array([0, thick / 2, 0]), np.array([thick / 3, 0, thick / 2])):
        points = np.concatenate([path - side, path + side])
        n = len(path)
        k = np.arange(n - 1)
        triangles = np.concatenate(
            [np.stack([k, k + 1, k + n + 1], 1), np.stack([k, k + n + 1, k + n], 1)]
        )
        builder.add_mesh(points, triangles, 1.0, m.FRAME)


def _lens(builder: MeshBuilder, rim: Array) -> None:
    centre = rim.mean(0) + np.array([0, 0, 0.03])
    k = np.arange(len(rim))
    triangles = np.stack([k, np.roll(k, -1), np.full(len(rim), len(rim))], 1)
    builder.add_mesh(np.concatenate([rim, centre[None]]), triangles, 1.0, m.LENS)
