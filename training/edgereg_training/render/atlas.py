"""The head's skin atlas: where each texel lies on the average face, and masks made from that.

Coordinates are those of the average adult: decimetres, +x the subject's left, +z forward.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from scipy.spatial import cKDTree

from edgereg_training.render.assets import BROWS, Assets
from edgereg_training.render.geometry import Array, smoothstep, triangulate
from edgereg_training.render.morph import apply_targets, fit_binding, macro_weights
from edgereg_training.render.noise import fractal
from edgereg_training.render.raster import make_buffers, rasterise

WIDTH, HEIGHT = 256, 488
# Forehead, temple, sideburn, ear and nape: height of the hairline over z.
_HAIRLINE_Z = (-0.9, -0.3, 0.0, 0.12, 0.5, 0.6, 0.72, 0.9, 1.1, 1.4)
_HAIRLINE_Y = (6.72, 6.75, 6.9, 7.45, 7.45, 7.12, 7.5, 7.82, 7.93, 7.97)


@dataclass(frozen=True, eq=False)
class Atlas:
    """Static maps of the skin atlas, all [HEIGHT,WIDTH] float32.

    valid: 1 where skin lies. x, y, z: place on the average head. hairline: height above the
    hairline in dm. mouth, eye: edges from the opening (20 = far). lips, lids, lashes, cheeks, nose,
    beard, forehead: masks in [0,1]. coarse, fine: noise maps [K,H,W]. wrinkles: height
    maps [K,H,W], grooves negative.
    brows: density in [0,1] of each brow shape [12,H,W]. triangles [T,3], uv [T,3,2] texels:
    the head island.
    """

    triangles: Array
    uv: Array
    valid: Array
    x: Array
    y: Array
    z: Array
    hairline: Array
    mouth: Array
    eye: Array
    lips: Array
    lids: Array
    lashes: Array
    cheeks: Array
    nose: Array
    beard: Array
    forehead: Array
    coarse: Array
    fine: Array
    wrinkles: Array
    brows: Array


def above_hairline(y: Array, z: Array) -> Array:
    """Height in dm above the hairline of places on the average head."""
    return np.asarray(y - np.interp(z, _HAIRLINE_Z, _HAIRLINE_Y))


def average_points(assets: Assets) -> Array:
    """Vertices [V,3] of the average adult."""
    weights = macro_weights(25.0, 0.5, np.full(3, 1 / 3), 0.5, 0.5)
    return apply_targets(assets.base.points, assets, weights)


def skin_window(assets: Assets) -> Array:
    """The part of the mesh's skin texture that the atlas shows: [[u, v] low, [u, v] high]."""
    texture = assets.base.uv[assets.base.uv_faces[assets.islands["head"]]]
    return np.stack([texture.min((0, 1)) - 0.002, texture.max((0, 1)) + 0.002])


@lru_cache(maxsize=2)
def build_atlas(assets: Assets) -> Atlas:
    """Bake the atlas of the asset folder."""
    faces = assets.islands["head"]
    triangles = triangulate(assets.base.faces[faces])
    texture = assets.base.uv[assets.base.uv_faces[faces]]
    low, high = skin_window(assets)
    flat = (texture - low) / (high - low) * [WIDTH, HEIGHT]
    flat[..., 1] = HEIGHT - flat[..., 1]
    uv = triangulate(flat).astype(np.float32)
    average = average_points(assets)
    values = np.concatenate(
        [average, _edges_from(triangles, assets.rings["mouth"][0], len(average)),
         _edges_from(triangles, np.concatenate([assets.rings["left_eye"][0],
                     assets.rings["right_eye"][0]]), len(average))], axis=1)  # fmt: skip
    baked, valid = bake(triangles, uv, values)
    baked[~valid, 3:] = 20.0
    x, y, z, mouth, eye = (np.ascontiguousarray(baked[..., k]) for k in range(5))
    masks = _masks(average[assets.landmarks], x, y, z, mouth, eye)
    rng = np.random.default_rng(20240)
    coarse = np.stack([fractal(rng, HEIGHT, WIDTH, 0.62) for _ in range(6)])
    fine = rng.standard_normal((4, HEIGHT, WIDTH), np.float32)
    wrinkles = np.stack(
        [_wrinkles(rng, average[assets.landmarks], x, y, z, eye) * valid for _ in range(6)]
    ).astype(np.float32)
    return Atlas(
        triangles=triangles, uv=uv, valid=valid.astype(np.float32), x=x, y=y, z=z,
        hairline=above_hairline(y, z).astype(np.float32), mouth=mouth, eye=eye, coarse=coarse,
        fine=fine, wrinkles=wrinkles, brows=_brows(assets, average, triangles, uv),
        **masks,
    )  # fmt: skip


def _edges_from(triangles: Array, start: Array, count: int) -> Array:
    """Edges [count,1] between each vertex and the set `start`, 20 where farther than 14."""
    distance = np.full(count, 20.0)
    distance[start] = 0
    edges = triangles[:, [0, 1, 1, 2]].reshape(-1, 2)
    edges = np.concatenate([edges, edges[:, ::-1]])
    for step in range(1, 15):
        reached = edges[distance[edges[:, 0]] == step - 1, 1]
        distance[reached] = np.minimum(distance[reached], step)
    return distance[:, None]


def bake(triangles: Array, uv: Array, values: Array) -> tuple[Array, Array]:
    """The texture of a head, drawn once."""
    buffers = make_buffers(HEIGHT, WIDTH)
    corners = np.ones((len(triangles) * 3, 3), np.float32)
    corners[:, :2] = uv.reshape(-1, 2)
    order = np.arange(len(corners), dtype=np.int32).reshape(-1, 3)
    n = len(triangles)
    rasterise(
        corners, order, n, np.zeros(n, np.uint8), np.full(n, -1, np.int16),
        uv, np.zeros((1, 1, 1), np.uint8), buffers.depth, buffers.face, buffers.bary,
    )  # fmt: skip
    valid = buffers.face >= 0
    corner = values[triangles[buffers.face[valid]]]
    q = buffers.bary[valid]
    share = np.stack([q[:, 0], q[:, 1], 1 - q[:, 0] - q[:, 1]], 1)
    out = np.zeros((HEIGHT, WIDTH, values.shape[1]), np.float32)
    out[valid] = (corner * share[:, :, None]).sum(1)
    return out, valid


def _brows(assets: Assets, average: Array, triangles: Array, uv: Array) -> Array:
    """The brow meshes pressed onto the skin: soft masks [12,H,W], denser inside than at the rim."""
    texel = np.zeros((len(average), 2))
    texel[triangles.ravel()] = uv.reshape(-1, 2)
    skin = np.unique(triangles)
    tree = cKDTree(average[skin])
    out = np.zeros((len(BROWS), HEIGHT, WIDTH), np.float32)
    for k, name in enumerate(BROWS):
        part = assets.parts[name]
        points = fit_binding(average, part.binding)
        distance, nearest = tree.query(points, k=3)
        weight = 1 / (np.asarray(distance) + 1e-4)
        weight /= weight.sum(1, keepdims=True)
        placed = (texel[skin[nearest]] * weight[..., None]).sum(1)
        for corner in np.round(placed[part.mesh.faces] * 8).astype(np.int32):
            cv2.fillConvexPoly(out[k], corner, 1.0, cv2.LINE_8, 3)
        rim = cv2.GaussianBlur(out[k], (0, 0), 2.2)
        out[k] = np.clip(1.6 * rim - 0.45, 0, 1)
    return out


def _masks(
    landmarks: Array, x: Array, y: Array, z: Array, mouth: Array, eye: Array
) -> dict[str, Array]:
    side = np.abs(x)

    def blob(centre: Array, radius: float) -> Array:
        square = (side - abs(centre[0])) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2
        return np.asarray(np.exp(-square / radius**2))

    chin, nose, lip_corner, eye_corner = landmarks[8], landmarks[30], landmarks[54], landmarks[45]
    lips = cv2.GaussianBlur((1 - smoothstep(6.3, 7.9, mouth)).astype(np.float32), (0, 0), 1.0)
    cheek = (eye_corner + lip_corner) / 2 + np.array([0.08, 0.0, 0.0])
    # The beard grows below a line from sideburn to nose, but not on the lips or the neck.
    line = np.interp(side, [0.0, 0.15, 0.4, 0.62, 0.8], [6.83, 6.8, 6.66, 6.85, 7.2])
    beard = smoothstep(0.08, -0.08, y - line) * smoothstep(0.45, 0.62, z)
    beard *= smoothstep(chin[1] - 0.28, chin[1] - 0.12, y) * (1 - 0.95 * lips)
    soul = np.exp(-(((side - 0.18) / 0.1) ** 2) - ((y - lip_corner[1] + 0.16) / 0.07) ** 2)
    maps = {
        "lips": lips,
        "lids": 1 - smoothstep(4.0, 9.0, eye),
        "lashes": 1 - smoothstep(2.4, 4.3, eye),
        "cheeks": blob(cheek, 0.32),
        "nose": blob(nose, 0.17),
        "beard": beard * (1 - 0.5 * soul),
        "forehead": smoothstep(7.5, 7.7, y) * smoothstep(0.8, 1.1, z),
    }
    return {name: value.astype(np.float32) for name, value in maps.items()}


def _wrinkles(
    rng: np.random.Generator, landmarks: Array, x: Array, y: Array, z: Array, eye: Array
) -> Array:
    """Height map of one face's grooves, negative, about unit depth."""
    side = np.abs(x)
    height = np.zeros_like(x)
    for k in range(int(rng.integers(3, 6))):
        level = landmarks[19][1] + 0.12 + 0.085 * k + rng.normal(0, 0.012)
        wave = 0.02 * np.sin(7 * x + rng.uniform(0, 6))
        groove = np.exp(-(((y - level - wave) / 0.012) ** 2)) * smoothstep(0.62, 0.35, side)
        height -= rng.uniform(0.4, 1.0) * groove * (z > 0.8)
    frown = np.exp(-(((side - 0.05) / 0.012) ** 2 + ((y - landmarks[27][1] - 0.1) / 0.07) ** 2))
    height -= 0.7 * frown * (z > 1.0)
    height -= 1.2 * nasolabial(landmarks, side, y) * (z > 0.9)
    corner = landmarks[45]
    for k in range(4):
        slope = np.tan(-0.5 + 0.35 * k + rng.normal(0, 0.06))
        away = side - corner[0] - 0.04
        ray = np.exp(-(((y - corner[1] - away * slope) / 0.01) ** 2))
        height -= 0.7 * ray * smoothstep(0, 0.03, away) * smoothstep(0.2, 0.1, away) * (z > 0.7)
    for k in range(3):
        bag = np.exp(-(((eye - 7.5 - 2 * k) / 0.45) ** 2)) * (y < corner[1])
        height -= 0.6 * bag * smoothstep(0.5, 0.4, side)
    return np.asarray(height)


def nasolabial(landmarks: Array, side: Array, y: Array) -> Array:
    """The folds from nose to mouth."""
    start = landmarks[35] + np.array([0.03, 0.03, 0.0])
    end = landmarks[54] + np.array([0.09, -0.02, 0.0])
    along = np.clip((start[1] - y) / (start[1] - end[1]), -0.2, 1.3)
    line = start[0] + (end[0] - start[0]) * along
    fold = np.exp(-(((side - line) / 0.02) ** 2))
    inside = (y < start[1] + 0.03) & (y > end[1] - 0.1)
    return np.asarray(fold * smoothstep(-0.2, 0.05, along) * smoothstep(1.3, 1.0, along) * inside)
