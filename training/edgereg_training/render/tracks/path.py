"""The lane ahead of a car as a curve on the ground, and the steering that follows it.

The car stands at the origin and looks along +z; +x is to its right. Lengths are in heights of its
camera above the ground.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from edgereg_training.render.geometry import Array

BEHIND, AHEAD, STEP = 3.0, 70.0, 0.15
# Of the car: what it aims at, how long it is, how far its wheels turn. A 1:10 car of 0.26 m with
# its camera at 0.14 m, and a full-size car of 2.7 m with its camera at 1.3 m, are both near this.
LOOKAHEAD, WHEELBASE, FULL_LOCK = 6.0, 2.0, np.radians(25.0)
# Places at which a lane's curvature is drawn; it changes linearly between them.
KNOTS = np.array([-3.0, 4.0, 11.0, 22.0, 40.0, 70.0])


@dataclass(frozen=True)
class Path:
    """The centre of the car's lane: points [P, 2] (x, z), their heading [P] in radians (positive to
    the right of +z) and distance along the lane [P], 0 beside the car."""

    points: Array
    heading: Array
    along: Array


def random_path(rng: np.random.Generator, offset: float, heading: float, bend: float) -> Path:
    """A lane whose centre lies `offset` to the right of the car and runs `heading` radians to the
    right of where the car looks; bend: scale of its curvature, 1 over heights."""
    curvature = bend * rng.choice([-1.0, 1.0]) * rng.random()
    knots = [curvature]
    for _ in KNOTS[1:]:
        curvature = 0.75 * curvature + bend * rng.normal(0, 0.35)
        knots.append(float(np.clip(curvature, -0.2, 0.2)))
    along = np.arange(-BEHIND, AHEAD, STEP)
    turned = np.cumsum(np.interp(along, KNOTS, knots)) * STEP
    start = int(np.searchsorted(along, 0.0))
    angle = turned - turned[start] + heading
    points = np.stack([np.cumsum(np.sin(angle)), np.cumsum(np.cos(angle))], axis=1) * STEP
    points += np.array([offset, 0.0]) - points[start]
    return Path(points, angle, along)


def steering_along(path: Path) -> float:
    """Steering in -1..1, positive to the right, as a share of full lock: pure pursuit.

    The arc from the car through the point of the lane LOOKAHEAD away at bearing a has curvature
    k = 2 sin(a) / LOOKAHEAD; wheels turned by atan(k WHEELBASE) drive it.
    """
    ahead = path.points[path.along >= 0]
    distance = np.linalg.norm(ahead, axis=1)
    reached = int(np.argmax(distance >= LOOKAHEAD))
    x = float(ahead[reached, 0])
    curvature = 2 * x / float(distance[reached]) / LOOKAHEAD
    return float(np.clip(np.arctan(curvature * WHEELBASE) / FULL_LOCK, -1.0, 1.0))


def lane_coordinates(path: Path, ground: Array) -> tuple[Array, Array]:
    """Of points [M, 2] (x, z): distance along the lane, and beside it (positive to the right)."""
    _, nearest = cKDTree(path.points).query(ground)
    apart = ground - path.points[nearest]
    sine, cosine = np.sin(path.heading[nearest]), np.cos(path.heading[nearest])
    along = path.along[nearest] + apart[:, 0] * sine + apart[:, 1] * cosine
    beside = apart[:, 0] * cosine - apart[:, 1] * sine
    return along.astype(np.float32), beside.astype(np.float32)
