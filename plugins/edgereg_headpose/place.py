"""Heads before a camera of known field of view: their pose without perspective, and their place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgereg.api import (
    Camera,
    FloatArray,
    Kinds,
    Predictions,
    Refinement,
    Target,
    angles_of,
    normal_interval,
    rotation_matrix,
)

# Height in m of the box that head detection draws, hair included, of grown-up rendered people; and
# the standard deviation of its logarithm.
HEAD_HEIGHT, SPREAD = 0.245, 0.10
NUMBERS = (
    Target(name="x", unit="m", low=-10, high=10),
    Target(name="y", unit="m", low=-10, high=10),
    Target(name="distance", unit="m", low=0, high=20),
)


def places_of(camera: Camera, boxes: FloatArray) -> FloatArray:
    """Of heads with these boxes [N, 4]: x to image right and y up from the camera's axis, and the
    distance from the camera, in m, [N, 3]."""
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    height = camera.straightened(boxes, camera.turns(centres))[:, 1]
    distance = camera.focal * HEAD_HEIGHT / np.maximum(height, 1e-3)
    sideways = camera.rays(centres)[:, :2] * distance[:, None]
    return np.concatenate([sideways, distance[:, None]], 1).astype(np.float32)


def turned(angles: FloatArray, turns: FloatArray) -> FloatArray:
    """Poses [N, T, 3] against the line of sight -> against the camera's axis."""
    straight = rotation_matrix(angles.reshape(-1, 3)).reshape(*angles.shape[:-1], 3, 3)
    return angles_of(turns[:, None] @ straight)


def with_places(poses: Predictions, turns: FloatArray, camera: Camera, kinds: Kinds) -> Predictions:
    """Poses against the line of sight -> against the camera's axis, with places beside them.

    There is no density to slice any more: the graph knows nothing of the camera.
    """
    boxes = np.zeros((0, 4), np.float32) if poses.regions is None else poses.regions
    places = places_of(camera, boxes)
    angles = turned(poses.values[:, None], turns)[:, 0]
    shift = angles - poses.values
    # Relative to the place, along the line of sight.
    spread = SPREAD * np.abs(places)
    intervals = None
    if poses.intervals is not None:
        ends = places[..., None] * np.exp(normal_interval(0.0, SPREAD))
        moved = poses.intervals + shift[..., None]
        intervals = np.concatenate([moved, np.sort(ends, -1)], 1).astype(np.float32)
    climb = poses.refinement
    if climb is not None:
        path = turned(climb.trajectory, turns)
        beside = np.repeat(places[:, None], path.shape[1], 1)
        climb = Refinement(np.concatenate([path, beside], 2), climb.energy)
    return replace(
        poses,
        kinds=kinds,
        values=np.concatenate([angles, places], 1),
        std=None if poses.std is None else np.concatenate([poses.std, spread], 1),
        intervals=intervals,
        refinement=climb,
        features={},
    )
