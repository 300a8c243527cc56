"""A person ready to be drawn, and how its arrays are finished."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgereg_training.render.geometry import Array, vertex_normals
from edgereg_training.render.materials import SKIN
from edgereg_training.render.occlusion import ambient_occlusion


@dataclass(frozen=True, eq=False)
class Identity:
    """Arrays of one person; points are in dm, relative to the neck's pivot, in rest pose.

    number: of the identity. age: years. points, normals [V,3]; occlusion, neck [V] in [0,1] (neck 1
    = moves with the head). triangles [T,3]; uv [T,3,2] (texels for SKIN, else [0,1]); material,
    one_sided [T] uint8; layer [T] int16 into alphas [A,256,256] uint8. The first close_triangles
    and close_points suffice for views of head and chest. skin [h,w,3] uint8 gamma 2; bump [h,w,2];
    tangents [S,2,3] for the S leading SKIN triangles. palette [COUNT,3] linear; gloss [COUNT,2].
    streaks [256,256]; cloth [128,256,3] uint8 pattern of garments. landmarks [68] point numbers;
    box_points [B]: the points whose projection bounds the head. centre [3] of the head; size:
    its height, dm. eye_centres [2,3]; gaze [3]; iris [3] linear.
    """

    number: int
    age: float
    points: Array
    normals: Array
    occlusion: Array
    neck: Array
    triangles: Array
    uv: Array
    material: Array
    one_sided: Array
    layer: Array
    alphas: Array
    close_triangles: int
    close_points: int
    skin: Array
    bump: Array
    tangents: Array
    palette: Array
    gloss: Array
    streaks: Array
    cloth: Array
    landmarks: Array
    box_points: Array
    centre: Array
    size: float
    eye_centres: Array
    gaze: Array
    iris: Array


def linear(colour: Array) -> Array:
    """Linear light of sRGB colours in [0,1], by the renderer's gamma of 2."""
    return np.asarray(np.square(colour), np.float32)


def bump_tangents(points: Array, triangles: Array, uv: Array, material: Array) -> Array:
    """Directions [S,2,3] that turn atlas slopes (dm per texel) into a tilt of the normal."""
    count = int((material == SKIN).sum())
    if not (material[:count] == SKIN).all():
        raise ValueError("SKIN triangles must come first")
    p, t = points[triangles[:count]], uv[:count].astype(np.float64)
    e1, e2 = p[:, 1] - p[:, 0], p[:, 2] - p[:, 0]
    d1, d2 = t[:, 1] - t[:, 0], t[:, 2] - t[:, 0]
    det = d1[:, 0] * d2[:, 1] - d2[:, 0] * d1[:, 1]
    det = np.where(np.abs(det) < 1e-9, 1e9, det)[:, None]
    along_u = (e1 * d2[:, 1:] - e2 * d1[:, 1:]) / det
    along_v = (e2 * d1[:, :1] - e1 * d2[:, :1]) / det
    both = np.stack([along_u, along_v], 1)
    return np.asarray(both / (1e-9 + (both**2).sum(2, keepdims=True)), np.float32)


def finish(
    arrays: dict[str, Array], close_triangles: int, size: float, centre: Array
) -> dict[str, Array]:
    """Add normals, tangents and ambient occlusion to the arrays of a mesh builder."""
    points, triangles = arrays["points"].astype(np.float64), arrays["triangles"]
    arrays["normals"] = vertex_normals(points, triangles).astype(np.float32)
    arrays["tangents"] = bump_tangents(points, triangles, arrays["uv"], arrays["material"])
    arrays["occlusion"] = ambient_occlusion(arrays, close_triangles, size, centre)
    return arrays
