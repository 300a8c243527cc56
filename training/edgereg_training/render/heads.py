"""Pictures of single heads with exact labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgereg_training.render.background import crop_background
from edgereg_training.render.draw import (
    Camera,
    Posed,
    head_box,
    landmark_visibility,
    paint_person,
    pose_person,
    projected,
    torso_rotation,
)
from edgereg_training.render.effects import develop
from edgereg_training.render.geometry import Array, rotation_matrix
from edgereg_training.render.identity import Identity
from edgereg_training.render.lighting import Light, draw_light
from edgereg_training.render.occluders import draw_occluder

SUPERSAMPLING = 2


@dataclass(frozen=True, eq=False)
class HeadImage:
    """image uint8 [S,S,3] RGB; pose float32 [3] yaw, pitch, roll in degrees.

    landmarks float32 [68,2] px (pixel centres at .5); visible bool [68]; box float32 [4] x1 y1 x2
    y2 px, possibly beyond the image; age in years; identity: its number.
    """

    image: Array
    pose: Array
    landmarks: Array
    visible: Array
    box: Array
    age: float
    identity: int


@dataclass(frozen=True)
class HeadView:
    """fill: range of the head box's longer side over the image side; shift: standard deviation of
    the head's place over the free margin; occluder: probability; effects: camera faults."""

    fill: tuple[float, float] = (0.45, 0.85)
    shift: float = 0.45
    occluder: float = 0.15
    effects: bool = True


def render_head(
    identity: Identity,
    pose: tuple[float, float, float],
    rng: np.random.Generator,
    size: int,
    backgrounds: list[Array],
    view: HeadView | None = None,
    light: Light | None = None,
    torso: Array | None = None,
) -> HeadImage:
    """Render a head at yaw, pitch, roll (degrees) into a size x size picture."""
    options = HeadView() if view is None else view
    trunk = torso_rotation(rng, *pose) if torso is None else torso
    posed = pose_person(identity, rotation_matrix(*pose), trunk)
    camera = place_head(rng, posed, size, options)
    screen = projected(posed, camera)
    canvas = crop_background(rng, backgrounds, size)
    lamp = draw_light(rng) if light is None else light
    window = (0, 0, size, size)
    painted = paint_person(posed, screen, camera, lamp, canvas, window, SUPERSAMPLING)
    landmarks = screen[identity.landmarks, :2].copy()
    visible = landmark_visibility(posed, screen, painted, (0, 0), SUPERSAMPLING)
    box = head_box(posed, screen)
    if rng.random() < options.occluder:
        hidden = draw_occluder(rng, canvas, box, identity)
        visible &= ~_covered(hidden, landmarks)
    picture = develop(rng, canvas) if options.effects else _plain(canvas)
    return HeadImage(
        picture, np.array(pose, np.float32), landmarks, visible, box.astype(np.float32),
        identity.age, identity.number,
    )  # fmt: skip


def place_head(rng: np.random.Generator, posed: Posed, size: int, view: HeadView) -> Camera:
    """A camera that sees the head's box fill a random share of the image, at a random place.

    The head stays on the optical axis, or perspective would bias the angles; it is the image
    that shifts.
    """
    distance = float(posed.identity.size * rng.uniform(5, 16))
    unit = head_box(posed, projected(posed, Camera(distance, 1.0, 0.0, 0.0)))
    extent = unit[2:] - unit[:2]
    fill = rng.uniform(*view.fill)
    focal = float(fill * size / extent.max())
    middle = focal * (unit[2:] + unit[:2]) / 2
    free = (size - focal * extent) / 2
    shift = np.clip(rng.normal(0, view.shift, 2), -1.1, 1.1) * free
    x, y = size / 2 - middle + shift
    return Camera(distance, focal, float(x), float(y))


def _covered(mask: Array, landmarks: Array) -> Array:
    """bool [68]: the landmark lies on a set pixel of mask bool [S,S]."""
    size = mask.shape[0]
    column = np.clip(landmarks[:, 0].astype(int), 0, size - 1)
    row = np.clip(landmarks[:, 1].astype(int), 0, size - 1)
    return np.asarray(mask[row, column])


def _plain(linear: Array) -> Array:
    return np.asarray(np.clip(np.sqrt(linear), 0, 1) * 255 + 0.5, np.uint8)
