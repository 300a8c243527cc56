"""Drawing one person: pose, camera, shadows, shading, and what of them is where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgereg_training.render.geometry import Array, rotation_blend, rotation_matrix
from edgereg_training.render.identity import Identity
from edgereg_training.render.lighting import Light
from edgereg_training.render.raster import (
    Buffers,
    bounds,
    light_view,
    make_buffers,
    project,
    rasterise,
    rasterise_depth,
    transform,
)
from edgereg_training.render.shade import Lamps, Looks, composite, shade

_BLEND_STEPS = 9
_SHADOW_SIZE = 128
# Light-view depth is 0.4 per half side: this much spares the neck from shading itself.
_SHADOW_BIAS = 0.024


@dataclass(frozen=True, eq=False)
class Posed:
    """A person turned into view space, the head's centre at the origin.

    points, normals [V,3] float32; head [3,3] rotation; triangles, count: how many are drawn and how
    many points they use.
    """

    identity: Identity
    points: Array
    normals: Array
    head: Array
    triangles: int
    count: int


@dataclass(frozen=True)
class Camera:
    """distance: dm from the head's centre; focal: px; x, y: where that centre lands, px."""

    distance: float
    focal: float
    x: float
    y: float


def pose_person(identity: Identity, head: Array, torso: Array, whole: bool = False) -> Posed:
    """Turn the head by `head` [3,3] about the neck and the trunk by `torso` [3,3].

    Without `whole` only head and chest are made ready.
    """
    count = len(identity.points) if whole else identity.close_points
    triangles = len(identity.triangles) if whole else identity.close_triangles
    points = np.empty((count, 3), np.float32)
    normals = np.empty((count, 3), np.float32)
    turns = rotation_blend(torso, head, _BLEND_STEPS).astype(np.float32)
    transform(identity.points, identity.normals, identity.neck, turns, count, points, normals)
    points -= (head @ identity.centre).astype(np.float32)
    return Posed(identity, points, normals, head, triangles, count)


def torso_rotation(rng: np.random.Generator, yaw: float, pitch: float, roll: float) -> Array:
    """Rotation [3,3] of a trunk that follows the head by a random share.

    It takes 0 to 70 % of the yaw up to 100 degrees and all of the rest, so that shoulders do not
    give the pose away and no neck is wrung.
    """
    inside = float(np.clip(yaw, -100, 100))
    share = rng.uniform(0.0, 0.7)
    if abs(yaw) > 75:
        share = rng.uniform(0.4, 1.0)
    lean = rng.uniform(0.0, 0.3)
    return rotation_matrix(yaw - inside + share * inside, lean * pitch, lean * roll)


def projected(posed: Posed, camera: Camera) -> Array:
    """Screen positions float32 [count,3] (x px, y px, 1/z)."""
    screen = np.zeros((posed.count, 3), np.float32)
    project(posed.points, posed.count, camera.distance, camera.focal, camera.x, camera.y, screen)
    return screen


def head_box(posed: Posed, screen: Array) -> Array:
    """x1 y1 x2 y2 in px of the head: see `Identity.box_points`. Not clipped to the image."""
    return np.array(bounds(screen, posed.identity.box_points))


@dataclass(frozen=True, eq=False)
class Painted:
    """cover float32 [h,w]: coverage at image resolution; buffers: the supersampled z-buffer."""

    cover: Array
    buffers: Buffers


def paint_person(
    posed: Posed,
    screen: Array,
    camera: Camera,
    light: Light,
    canvas: Array,
    window: tuple[int, int, int, int],
    factor: int,
) -> Painted:
    """Draw a person into a window of a linear canvas float32 [H,W,3].

    window: left, top, width, height in px, inside the canvas. factor: supersampling.
    """
    left, top, width, height = window
    who = posed.identity
    buffers = make_buffers(height * factor, width * factor)
    local = screen.copy()
    local[:, 0] = (screen[:, 0] - left) * factor
    local[:, 1] = (screen[:, 1] - top) * factor
    rasterise(
        local, who.triangles, posed.triangles, who.one_sided, who.layer, who.uv, who.alphas,
        buffers.depth, buffers.face, buffers.bary,
    )  # fmt: skip
    layer = np.empty((height * factor, width * factor, 4), np.float32)
    eye = np.array([0.0, 0.0, camera.distance], np.float32)
    shade(
        buffers.face, buffers.bary, posed.points, posed.normals, _looks(who),
        lamps(posed, light), posed.head.astype(np.float32), eye, layer,
    )  # fmt: skip
    cover = np.zeros((height, width), np.float32)
    composite(layer, factor, np.float32(light.exposure), canvas, left, top, cover)
    return Painted(cover, buffers)


def _looks(who: Identity) -> Looks:
    return Looks(
        who.points, who.occlusion, who.triangles, who.uv, who.material, who.tangents, who.skin,
        who.bump, who.palette, who.gloss, who.streaks, who.cloth, who.eye_centres, who.gaze,
        who.iris,
    )  # fmt: skip


def lamps(posed: Posed, light: Light) -> Lamps:
    """The light with the shadow map of its first lamp."""
    who = posed.identity
    depth = np.empty((_SHADOW_SIZE, _SHADOW_SIZE), np.float32)
    points = np.empty((posed.count, 3), np.float32)
    half = 2.0 * who.size
    light_view(posed.points, posed.count, light.directions[0], half, _SHADOW_SIZE, points)
    rasterise_depth(
        points, who.triangles, posed.triangles, who.one_sided, who.layer, who.uv, who.alphas,
        depth,
    )  # fmt: skip
    return Lamps(
        light.directions, light.colours, light.ambient, light.gloss, points, depth, _SHADOW_BIAS
    )


def landmark_visibility(posed: Posed, screen: Array, painted: Painted, origin: tuple[int, int],
                        factor: int) -> Array:  # fmt: skip
    """bool [68]: not hidden by the person's own surface. origin: the window's left and top, px.

    A landmark counts as seen where the surface in front of it is nearer by at most 4 % of the
    head's height.
    """
    index = posed.identity.landmarks
    depth = painted.buffers.depth
    column = np.floor((screen[index, 0] - origin[0]) * factor).astype(int)
    row = np.floor((screen[index, 1] - origin[1]) * factor).astype(int)
    inside = (column >= 0) & (row >= 0) & (column < depth.shape[1]) & (row < depth.shape[0])
    seen = np.zeros(len(index), bool)
    nearest = depth[row[inside], column[inside]]
    own = screen[index[inside], 2]
    # 1/z differs by about (tolerance / z^2) for a depth difference of `tolerance`.
    seen[inside] = nearest - own < 0.04 * posed.identity.size * own * own
    return seen
