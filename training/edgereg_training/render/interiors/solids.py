"""Boxes, cylinders and ellipsoids that rays meet.

Points are in metres (x right, y up, z forward). Along a ray, a point is eye + t * ray; where rays
have a forward component of 1 before the camera is turned, t is the depth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from edgereg_training.render.geometry import Array

Shape = Literal["box", "cylinder", "ellipsoid"]
# A direction whose component is smaller counts as this, so that no ray divides by zero.
LEAST = 1e-6


@dataclass(frozen=True)
class Solid:
    """A shape with its middle [3], half sizes [3] in m, turn about the vertical in radians, and
    the number of its material."""

    shape: Shape
    middle: Array
    half: Array
    turn: float
    material: int


@dataclass(frozen=True)
class Meeting:
    """Where N rays meet one solid first: t [N], inf where they miss; `at` tells normals and places
    of some of them."""

    t: Array
    side: npt.NDArray[np.int64]
    solid: Solid


def dot(first: Array, second: Array) -> Array:
    """Of vectors [N, D], each with its own or all with one [D]."""
    # A sum over so short an axis is slow.
    return np.asarray(np.einsum("...i,...i->...", first, second))


def local(solid: Solid, points: Array) -> Array:
    """Vectors [N, 3] of the world, turned as the solid stands."""
    c, s = np.float32(np.cos(solid.turn)), np.float32(np.sin(solid.turn))
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    return np.stack([c * x - s * z, y, s * x + c * z], axis=-1)


def world(solid: Solid, vectors: Array) -> Array:
    """The inverse of `local`."""
    c, s = np.float32(np.cos(solid.turn)), np.float32(np.sin(solid.turn))
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    return np.stack([c * x + s * z, y, -s * x + c * z], axis=-1)


def meet(solid: Solid, start: Array, rays: Array) -> Meeting:
    """The first meeting of rays [N, 3] from `start` ([3] or [N, 3]) that lies before them."""
    t, sides = np.full(len(rays), np.inf, np.float32), np.zeros(len(rays), np.int64)
    # Most rays miss the sphere about most solids, and this is soon told.
    centre = start - solid.middle
    nearest = dot(centre, centre) - dot(rays, centre) ** 2 / dot(rays, rays)
    close = np.flatnonzero(nearest < (solid.half**2).sum())
    if not len(close):
        return Meeting(t, sides, solid)
    origin = local(solid, centre if centre.ndim == 1 else centre[close]) / solid.half
    along = local(solid, rays[close]) / solid.half
    along = np.where(np.abs(along) < LEAST, np.float32(LEAST), along)
    near, far, side = _between(solid.shape, origin, along)
    seen = (near < far) & (near > 1e-3)
    t[close[seen]], sides[close[seen]] = near[seen], side[seen]
    return Meeting(t, sides, solid)


def leave(solid: Solid, start: Array, rays: Array) -> Meeting:
    """Where rays from within a box leave it: the walls of a room."""
    origin = local(solid, start - solid.middle) / solid.half
    along = local(solid, rays) / solid.half
    along = np.where(np.abs(along) < LEAST, np.float32(LEAST), along)
    ends = (np.sign(along) - origin) / along
    side = ends.argmin(axis=-1)
    return Meeting(ends.min(axis=-1), side, solid)


def _between(
    shape: Shape, origin: Array, along: Array
) -> tuple[Array, Array, npt.NDArray[np.int64]]:
    """Where rays enter and leave the unit shape, and by which side: the axis of a box's face, 1
    for the ends of a cylinder and 3 for what is round."""
    if shape == "ellipsoid":
        near, far = _round(origin, along)
        return near, far, np.full(len(near), 3)
    first, second = (-1 - origin) / along, (1 - origin) / along
    enters, leaves = np.minimum(first, second), np.maximum(first, second)
    if shape == "box":
        latest = np.maximum(np.maximum(enters[..., 0], enters[..., 1]), enters[..., 2])
        earliest = np.minimum(np.minimum(leaves[..., 0], leaves[..., 1]), leaves[..., 2])
        return latest, earliest, (enters == latest[..., None]).argmax(axis=-1)
    near, far = _round(origin[..., [0, 2]], along[..., [0, 2]])
    by_end = enters[..., 1] > near
    return (
        np.maximum(near, enters[..., 1]),
        np.minimum(far, leaves[..., 1]),
        np.where(by_end, 1, 3),
    )


def _round(origin: Array, along: Array) -> tuple[Array, Array]:
    """Of the unit circle or sphere; inf and -inf where a ray passes it by."""
    a, b, c = dot(along, along), dot(along, origin), dot(origin, origin) - 1
    inside = b**2 - a * c
    root = np.sqrt(np.maximum(inside, 0))
    hit = inside > 0
    inf = np.float32(np.inf)
    return np.where(hit, (-b - root) / a, inf), np.where(hit, (-b + root) / a, -inf)


def surface(
    meeting: Meeting, points: Array, chosen: npt.NDArray[np.bool_], inward: bool = False
) -> tuple[Array, Array]:
    """Of the rays that are `chosen` [N], which meet the solid at points [M, 3]: the normals [M, 3]
    and where on the surface that is [M, 2], m."""
    solid, side = meeting.solid, meeting.side[chosen]
    place = local(solid, points - solid.middle)
    normal = np.zeros_like(place)
    rows = np.arange(len(place))
    round_ones = side == 3
    flat = np.where(round_ones, 0, side)
    normal[rows, flat] = np.sign(place[rows, flat]) * (-1 if inward else 1)
    if round_ones.any():
        bent = place[round_ones] / solid.half**2
        if solid.shape == "cylinder":
            bent[:, 1] = 0
        normal[round_ones] = bent / (np.linalg.norm(bent, axis=-1, keepdims=True) + 1e-9)
    across = np.where(flat == 0, place[:, 2], place[:, 0])
    up = np.where(flat == 1, place[:, 2], place[:, 1])
    return world(solid, normal), np.stack([across, up], axis=-1)
