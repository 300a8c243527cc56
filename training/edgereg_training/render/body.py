"""The clothed body below the head: the asset's own clothing hull, cut into garments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgereg_training.render import materials as m
from edgereg_training.render.assets import Assets
from edgereg_training.render.geometry import (
    Array,
    axis_rotation,
    smoothstep,
    triangulate,
    vertex_normals,
)
from edgereg_training.render.mesh_builder import MeshBuilder
from edgereg_training.render.wardrobe import Outfit

# Rest coordinates in dm: close-ups need nothing below this; trousers begin at the waist.
_CLOSE_Y = 1.8
_WAIST_Y = 1.6
_THROAT = 5.72
_CLOTH_TOP, _CLOTH_BOTTOM = 6.6, 1.0


@dataclass(frozen=True, eq=False)
class BodyRest:
    """The hull's, skirt's and hands' quads [n,4] of base vertices; rest points [V,3]; arm weights
    upper, fore [2,V] in [0,1] of left and right; joints: shoulder, elbow, hand [2,8] vertices."""

    hull: Array
    skirt: Array
    hands: Array
    rest: Array
    upper: Array
    fore: Array
    joints: dict[str, Array]


def body_rest(assets: Assets) -> BodyRest:
    """Find garments and arms in the base mesh."""
    base, faces, groups = assets.base.points, assets.base.faces, assets.base.groups
    joints = {
        name: np.stack([np.unique(faces[groups == f"joint-{s}-{name}"]) for s in "lr"])
        for name in ("shoulder", "elbow", "hand")
    }
    upper, fore = np.zeros((2, len(base))), np.zeros((2, len(base)))
    for k, sign in enumerate((1, -1)):
        shoulder, elbow = (base[joints[n][k]].mean(0) for n in ("shoulder", "elbow"))
        hand = base[joints["hand"][k]].mean(0)
        mine = base[:, 0] * sign > 0.8
        along = (base - shoulder) @ (elbow - shoulder) / np.sum((elbow - shoulder) ** 2)
        upper[k] = smoothstep(-0.22, 0.25, along) * mine * (base[:, 1] > 1.0)
        # Rest arms hang well outside of the trunk; below the armpit the trunk must stay.
        upper[k] *= smoothstep(1.45, 1.85, base[:, 0] * sign)
        down = (base - elbow) @ (hand - elbow) / np.sum((hand - elbow) ** 2)
        fore[k] = smoothstep(-0.15, 0.15, down) * (upper[k] > 0.5) * (along > 0.6)
    body = faces[groups == "body"]
    centre = base[body].mean(1)
    is_hand = (np.abs(centre[:, 0]) > 4.05) & (centre[:, 1] > 0.5) & (centre[:, 1] < 3.2)
    return BodyRest(
        faces[groups == "helper-tights"], faces[groups == "helper-skirt"], body[is_hand],
        base, upper, fore, joints,
    )  # fmt: skip


def pose_arms(body: BodyRest, shape: Array, arms: Array) -> Array:
    """shape [V,3] with the arms swung from the rest pose: see `Outfit.arms`."""
    out = shape.copy()
    for k, sign in enumerate((1, -1)):
        lift, forward, bend, turn = np.radians(arms[k])
        shoulder, elbow = (out[body.joints[n][k]].mean(0) for n in ("shoulder", "elbow"))
        hanging = np.array(
            [sign * np.sin(lift), -np.cos(lift) * np.cos(forward), np.cos(lift) * np.sin(forward)]
        )
        swing = _between(elbow - shoulder, hanging)
        out = _turn(out, body.upper[k], shoulder, swing)
        elbow = out[body.joints["elbow"][k]].mean(0)
        hand = out[body.joints["hand"][k]].mean(0)
        reach = np.array([-sign * np.sin(turn), -np.cos(bend), np.sin(bend) * np.cos(turn)])
        out = _turn(out, body.fore[k], elbow, _between(hand - elbow, reach))
    return out


def _between(start: Array, end: Array) -> Array:
    """Rotation vector [3] that takes one direction to the other."""
    a, b = start / np.linalg.norm(start), end / np.linalg.norm(end)
    axis = np.cross(a, b)
    length = np.linalg.norm(axis)
    return np.asarray(axis / (length + 1e-9) * np.arctan2(length, a @ b))


def _turn(points: Array, weight: Array, pivot: Array, vector: Array) -> Array:
    angle = float(np.linalg.norm(vector))
    out = points.copy()
    moved = weight > 0
    # Few distinct weights matter: a blend of rotations by parts of the angle keeps volumes.
    steps = np.round(weight[moved] * 16).astype(int)
    local = points[moved] - pivot
    for step in np.unique(steps):
        rows = steps == step
        local[rows] = local[rows] @ axis_rotation(vector, angle * step / 16).T
    out[moved] = local + pivot
    return out


def neckline(size: int, outfit: Outfit) -> Array:
    """Alpha uint8 [size,size] of the top, laid out as `cloth_uv` says."""
    x = np.tile((np.arange(size // 2) + 0.5) / (size // 2) * 4 - 2, (2, 1))
    y = _CLOTH_TOP - (np.arange(size) + 0.5) / size * (_CLOTH_TOP - _CLOTH_BOTTOM)
    depth = np.array([[outfit.collar], [min(outfit.collar, 0.05) - 0.2]])
    pointed = np.array([[outfit.v_neck], [0.0]])
    high = _THROAT - depth * (1 - 0.25 * np.abs(x)) + 0.25 * np.abs(x)
    oval = np.sqrt(np.clip(1 - (x / 0.95) ** 2, 0, 1))
    wedge = np.clip(1 - np.abs(x) / 0.85, 0, 1)
    shape = oval * (1 - pointed) + wedge * pointed
    low = 5.75 + 0.1 * np.abs(x) - (depth + 0.15) * shape * (1 + 0.6 * pointed)
    edge = np.where(depth > 0, low, high).reshape(-1)
    return np.asarray((y[:, None] < edge[None, :]) * 255, np.uint8)


def cloth_uv(rest: Array, back: Array) -> Array:
    """Texture places [T,3,2] of rest points [T,3,3]: the front over u 0 to 0.5, the back over 0.5
    to 1, each -2 to 2 dm wide and folded back beyond; v over 1 to 6.6 dm of height."""
    fold = np.abs((rest[..., 0] / 4 + 1.5) % 2 - 1)
    u = np.clip(fold, 0.002, 0.998) / 2 + 0.5 * back[:, None]
    v = (rest[..., 1] - _CLOTH_BOTTOM) / (_CLOTH_TOP - _CLOTH_BOTTOM)
    return np.stack([u, np.clip(v, 0.002, 0.998)], -1).astype(np.float32)


def add_body(
    builder: MeshBuilder, body: BodyRest, shape: Array, outfit: Outfit, neck: Array
) -> tuple[int, int]:
    """Append garments and hands, near parts first; returns triangles and points of close-ups."""
    quads = np.concatenate([body.hull, body.skirt]) if outfit.skirt else body.hull
    used, local = np.unique(quads, return_inverse=True)
    triangles = triangulate(local.reshape(quads.shape))
    points = shape[used]
    points = points + outfit.thickness * vertex_normals(points, triangles)
    rest = body.rest[used]
    centre = rest[triangles].mean(1)
    # Garments follow the head even less than the skin below them does.
    weights = np.minimum(neck[used], 0.5 * neck[used])
    order = np.argsort(~(centre[:, 1] > _CLOSE_Y), kind="stable")
    triangles, centre = triangles[order], centre[order]
    near = int((centre[:, 1] > _CLOSE_Y).sum())
    first = builder.add_points(points, weights)
    back = centre[:, 2] < 0.15
    cut = builder.add_alpha(neckline(256, outfit))
    layer = np.where((centre[:, 1] > 4.0) & (np.abs(centre[:, 0]) < 1.8), cut, -1)
    uv = cloth_uv(rest[triangles], back)
    kinds = _garments(centre, outfit)
    for part in (slice(0, near), slice(near, None)):
        builder.add_triangles(
            triangles[part] + first, kinds[part], uv[part], layer[part], one_sided=False
        )
    close = sum(len(t) for t in builder.triangles[:-1]), builder.size
    _add_hands(builder, body, shape)
    return close


def _garments(centre: Array, outfit: Outfit) -> Array:
    kinds = np.where(centre[:, 1] > _WAIST_Y, m.TOP, m.BOTTOM)
    arm = (np.abs(centre[:, 0]) > 1.9) & (centre[:, 1] > 0.5)
    kinds = np.where(arm, np.where(np.abs(centre[:, 0]) < outfit.sleeve, m.TOP, m.NECK), kinds)
    return np.asarray(kinds)


def _add_hands(builder: MeshBuilder, body: BodyRest, shape: Array) -> None:
    used, local = np.unique(body.hands, return_inverse=True)
    triangles = triangulate(local.reshape(body.hands.shape))
    builder.add_mesh(shape[used], triangles, 0.0, m.NECK, one_sided=True)
