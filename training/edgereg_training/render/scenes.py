"""Pictures of several people, or of none, with a box for every head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from edgereg_training.render import distributions
from edgereg_training.render import materials as m
from edgereg_training.render.background import draw_background
from edgereg_training.render.draw import (
    Camera,
    Painted,
    Posed,
    head_box,
    paint_person,
    pose_person,
    projected,
)
from edgereg_training.render.effects import develop
from edgereg_training.render.geometry import Array, rotation_matrix
from edgereg_training.render.identity import Identity
from edgereg_training.render.lighting import Light, draw_light
from edgereg_training.render.negatives import draw_negative
from edgereg_training.render.occluders import draw_occluder
from edgereg_training.render.photographed import (
    Photographed,
    Place,
    place_light,
    place_of_scene,
    place_view,
)
from edgereg_training.render.roads import draw_road

_HEAD_MATERIALS = np.zeros(m.COUNT, bool)
_HEAD_MATERIALS[[m.SKIN, m.EYE, m.BROW, m.HAIR, m.LASH, m.TEETH, m.HAT, m.FRAME, m.LENS,
                 m.SCALP, m.MOUTH, m.TONGUE, m.SOCKET]] = True  # fmt: skip


@dataclass(frozen=True, eq=False)
class Scene:
    """image uint8 [H,W,3]; per head: boxes float32 [M,4] x1 y1 x2 y2 px, clipped to the image.

    pose float32 [M,3] yaw, pitch, roll in degrees (yaw up to +-180); visible float32 [M]: the
    share of the head's pixels neither hidden nor outside; identity int32 [M]; age float32 [M].
    """

    image: Array
    boxes: Array
    pose: Array
    visible: Array
    identity: Array
    age: Array


@dataclass(frozen=True)
class SceneView:
    """heads: most heads in a scene; size: range of a head's longer side, px; empty: share of
    scenes without people; back: share of heads turned any way; effects: camera faults."""

    heads: int = 8
    size: tuple[float, float] = (12.0, 200.0)
    empty: float = 0.15
    back: float = 0.22
    effects: bool = True


@dataclass(frozen=True, eq=False)
class _Placed:
    """A person to draw: where, how large, which way."""

    posed: Posed
    camera: Camera
    screen: Array
    box: Array
    pose: Array


def render_scene(
    identities: Sequence[Identity],
    seed: int | Sequence[int],
    width: int,
    height: int,
    view: SceneView | None = None,
    photographed: Photographed | None = None,
) -> Scene:
    """Render one scene; the same seed, identities and materials give the same scene.

    photographed: where some scenes are set, in the light of those places.
    """
    options = SceneView() if view is None else view
    rng = np.random.default_rng(seed)
    empty = rng.random() < options.empty
    place = None if photographed is None else place_of_scene(rng, photographed)
    canvas = stage(rng, height, width, empty, place)
    people = [] if empty else crowd(rng, identities, width, height, options)
    light = (None if place is None else place_light(rng, place)) or draw_light(rng)
    owner = np.full((height, width), -1, np.int32)
    masks = []
    for k, person in enumerate(people):
        masks.append(paint(person, light, canvas, owner, k))
        if rng.random() < 0.12:
            hidden = draw_occluder(rng, canvas, person.box, person.posed.identity)
            owner[hidden] = -1
    visible = np.array([_visible(mask, owner, k, people[k].box) for k, mask in enumerate(masks)])
    picture = develop(rng, canvas) if options.effects else np.asarray(
        np.clip(np.sqrt(canvas), 0, 1) * 255, np.uint8)  # fmt: skip
    return labelled(picture, people, visible)


def stage(
    rng: np.random.Generator, height: int, width: int, empty: bool, place: Place | None
) -> Array:
    """The place, with head-like things in it, as linear light float32 [H,W,3]."""
    road = rng.random() < (0.55 if empty else 0.05)
    if place is not None:
        picture = place_view(rng, place, height, width)
    else:
        picture = draw_road(rng, height, width) if road else draw_background(rng, height, width)
    canvas = np.square(picture.astype(np.float32) / 255)
    for _ in range(int(rng.integers(0, 6)) if rng.random() < 0.6 else 0):
        draw_negative(rng, canvas)
    if rng.random() < 0.4:
        sigma = float(rng.uniform(0.3, 1.5))
        canvas = np.asarray(cv2.GaussianBlur(canvas, (0, 0), sigma), np.float32)
    return canvas


def crowd(
    rng: np.random.Generator, identities: Sequence[Identity], width: int, height: int,
    options: SceneView,
) -> list[_Placed]:  # fmt: skip
    """People from far to near, few of them with heads largely over one another's."""
    count = min(options.heads, 1 + int(rng.geometric(0.42)) - 1)
    chosen = rng.choice(len(identities), min(max(1, count), len(identities)), replace=False)
    low, high = np.log(options.size[0]), np.log(min(options.size[1], 0.8 * min(width, height)))
    common = rng.uniform(low, high)
    # Standing people's heads are in the upper part; elsewhere a head may be anywhere. A few are
    # above the image: bodies without a head to find.
    span = (0.05, 0.45) if rng.random() < 0.5 else (0.03, 0.85)
    span = (-0.6, 0.3) if rng.random() < 0.07 else span
    people: list[_Placed] = []
    for index in chosen:
        # A group stands at about one distance more often than not.
        mixed = common + rng.normal(0, 0.25) if rng.random() < 0.6 else rng.uniform(low, high)
        side = float(np.exp(np.clip(mixed, low, high)))
        for _ in range(6):
            place = rng.uniform([0.02, span[0]], [0.98, span[1]]) * [width, height]
            person = stand(rng, identities[int(index)], side, place, options)
            if all(_overlap(person.box, other.box) < 0.45 for other in people):
                people.append(person)
                break
    return sorted(people, key=lambda p: float(np.max(p.box[2:] - p.box[:2])))


def _overlap(a: Array, b: Array) -> float:
    """Intersection over the smaller of two boxes."""
    size = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    smaller = min(np.prod(a[2:] - a[:2]), np.prod(b[2:] - b[:2]))
    return float(np.prod(np.clip(size, 0, None)) / smaller)


def _pose(rng: np.random.Generator, options: SceneView) -> tuple[Array, Array]:
    """Yaw, pitch, roll [3] of a head and the rotation [3,3] of its trunk."""
    kind = rng.random()
    tilt = rng.uniform(-5, 35) if rng.random() < 0.3 else rng.normal(0, 4)
    if kind < options.back:
        yaw = rng.uniform(-180, 180)
        pose = np.array([yaw, rng.normal(0, 12), rng.normal(0, 8)])
    elif kind < options.back + 0.15:
        pose = distributions.uniform_wide(rng, 1)[0] * [1, 0.8, 0.8]
    else:
        pose = distributions.biwi(rng, 1)[0] * [1, 0.7, 1]
    turn = rng.uniform(0.2, 1.0) if abs(pose[0]) < 90 else rng.uniform(0.75, 1.1)
    trunk = rotation_matrix(float(turn * pose[0]), tilt + 0.1 * pose[1], 0.15 * pose[2])
    pose[1] = np.clip(pose[1] + tilt, -70, 70)
    return pose, trunk


def stand(
    rng: np.random.Generator, who: Identity, side: float, place: Array, options: SceneView
) -> _Placed:
    """Put a person into the scene."""
    pose, trunk = _pose(rng, options)
    yaw, pitch, roll = (float(v) for v in pose)
    posed = pose_person(who, rotation_matrix(yaw, pitch, roll), trunk, whole=True)
    distance = float(who.size * rng.uniform(8, 30))
    unit = head_box(posed, projected(posed, Camera(distance, 1.0, 0.0, 0.0)))
    focal = side / float(np.max(unit[2:] - unit[:2]))
    shift = place - focal * (unit[:2] + unit[2:]) / 2
    camera = Camera(distance, focal, float(shift[0]), float(shift[1]))
    screen = projected(posed, camera)
    return _Placed(posed, camera, screen, head_box(posed, screen), pose)


def paint(person: _Placed, light: Light, canvas: Array, owner: Array, number: int) -> Array:
    """Draw a person, claim their pixels; returns the head's pixels bool [H,W]."""
    height, width = owner.shape
    inside = person.screen[person.screen[:, 2] > 0, :2]
    low = np.clip(np.floor(inside.min(0)), 0, [width, height]).astype(int)
    high = np.clip(np.ceil(inside.max(0)), 0, [width, height]).astype(int)
    mask = np.zeros(owner.shape, bool)
    if (high - low < 2).any():
        return mask
    window = (int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))
    factor = 2 if window[2] * window[3] < 110 * 110 else 1
    painted = paint_person(
        person.posed, person.screen, person.camera, light, canvas, window, factor
    )
    rows, columns = slice(low[1], high[1]), slice(low[0], high[0])
    owner[rows, columns][painted.cover > 0.5] = number
    mask[rows, columns] = _head_pixels(person.posed.identity, painted, factor)
    return mask


def _head_pixels(who: Identity, painted: Painted, factor: int) -> Array:
    face = painted.buffers.face[::factor, ::factor]
    kinds = who.material[np.maximum(face, 0)]
    return np.asarray(_HEAD_MATERIALS[kinds] & (face >= 0))


def _visible(mask: Array, owner: Array, number: int, box: Array) -> float:
    """Share of the head that is seen; what lies outside of the image counts by the box's area."""
    height, width = owner.shape
    x1, y1, x2, y2 = np.floor(np.clip(box, 0, [width, height] * 2)).astype(int)
    head = mask[y1 : y2 + 1, x1 : x2 + 1]
    total = head.sum()
    if total == 0:
        return 0.0
    seen = (head & (owner[y1 : y2 + 1, x1 : x2 + 1] == number)).sum()
    clipped = np.clip(box, 0, [width, height] * 2)
    inside = np.prod(clipped[2:] - clipped[:2]) / np.prod(box[2:] - box[:2])
    return float(seen / total * inside)


def labelled(picture: Array, people: list[_Placed], visible: Array) -> Scene:
    """The labels of a scene."""
    height, width = picture.shape[:2]
    keep = [k for k in range(len(people)) if visible[k] > 0.02]
    boxes = np.array([people[k].box for k in keep], np.float32).reshape(-1, 4)
    return Scene(
        image=picture,
        boxes=np.clip(boxes, 0, np.array([width, height] * 2, np.float32)),
        pose=np.array([people[k].pose for k in keep], np.float32).reshape(-1, 3),
        visible=np.array([visible[k] for k in keep], np.float32),
        identity=np.array([people[k].posed.identity.number for k in keep], np.int32),
        age=np.array([people[k].posed.identity.age for k in keep], np.float32),
    )
