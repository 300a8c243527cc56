"""Scenes with moving objects: a picture and exact boxes at any moment.

The background is a photograph under a moving camera. Objects wander, grow, turn, bend and change
their light; one is followed, others pass behind it or in front, some of them copies of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import FloatArray, Image
from edgereg_training.tracking.motion import Wave, random_wave

# Displacements that bend a sprite stand on a grid of so many points a side.
BEND = 4


@dataclass(frozen=True)
class MovingObject:
    """A sprite and its motion, each part a function of the frame number.

    place: centre in pixels; shape: log of the longer side in pixels, log of the aspect's change,
    angle in radians; bend: displacements of the grid as shares of the sprite, 2 BEND^2 numbers;
    light: log of the gain of each channel.
    """

    sprite: Image
    place: Wave
    shape: Wave
    bend: Wave
    light: Wave


@dataclass(frozen=True)
class MovingScene:
    """size: (width, height). objects: from back to front; followed: the one with the label.

    view: the camera, (x, y) in the background's pixels and the log of its zoom.
    exposure: share of a frame that the shutter is open; noise: standard deviation in grey levels.
    """

    size: tuple[int, int]
    background: Image
    view: Wave
    objects: tuple[MovingObject, ...]
    followed: int
    exposure: float
    noise: float
    quality: int


@dataclass(frozen=True)
class Shot:
    """image: uint8 [H, W, 3] RGB; box: float32 [4] of the followed object, cut at the frame's
    edge; visible: its share in [0, 1] that neither the edge nor another object hides."""

    image: Image
    box: FloatArray
    visible: float


def random_scene(
    sprites: Sequence[Image],
    backgrounds: Sequence[Image],
    size: tuple[int, int],
    rng: np.random.Generator,
    crowd: int = 4,
) -> MovingScene:
    """A scene with up to `crowd` further objects."""
    width, height = size
    background = backgrounds[int(rng.integers(len(backgrounds)))]
    zoom = max(width / background.shape[1], height / background.shape[0]) * rng.uniform(1.1, 1.8)
    spare = np.array(background.shape[1::-1]) - np.array(size) / zoom
    view = random_wave(
        rng,
        [*(np.array(background.shape[1::-1]) / 2), np.log(zoom)],
        [*(spare / 2 * rng.uniform(0, 0.9)), rng.uniform(0, 0.06)],
        (60, 400),
    )
    main = _random_object(sprites[int(rng.integers(len(sprites)))], size, rng)
    before, behind = list[MovingObject](), list[MovingObject]()
    for _ in range(int(rng.integers(crowd + 1))):
        same = rng.random() < 0.4
        sprite = main.sprite if same else sprites[int(rng.integers(len(sprites)))]
        # What may hide the followed object is small against it more often than not.
        (before if rng.random() < 0.35 else behind).append(_random_object(sprite, size, rng))
    return MovingScene(
        size,
        background,
        view,
        (*behind, main, *before),
        len(behind),
        exposure=float(rng.choice([0.0, 0.3, 0.8])),
        noise=float(rng.choice([0.0, rng.uniform(1, 8)])),
        quality=int(rng.integers(45, 96)),
    )


def _random_object(sprite: Image, size: tuple[int, int], rng: np.random.Generator) -> MovingObject:
    width, height = size
    side = np.exp(rng.uniform(np.log(0.12), np.log(0.7))) * height
    reach = np.array([width, height]) * rng.uniform(0.03, 0.45)
    # The shortest period keeps the speed below about a quarter of the object's side a frame.
    shortest = float(max(16, 2 * np.pi * reach.max() / (0.25 * side)))
    centre = np.array([width, height]) * rng.uniform(0.3, 0.7, 2)
    turning = rng.uniform(0, 0.5) if rng.random() < 0.7 else rng.uniform(0, 3)
    bending = rng.uniform(0, 0.12) if rng.random() < 0.7 else 0.0
    return MovingObject(
        sprite,
        random_wave(rng, centre, reach, (shortest, 5 * shortest)),
        random_wave(
            rng,
            [np.log(side), rng.uniform(-0.2, 0.2), rng.normal(0, 0.3)],
            [rng.uniform(0, 0.5), rng.uniform(0, 0.3), turning],
            (40, 300),
        ),
        random_wave(rng, np.zeros(2 * BEND**2), np.full(2 * BEND**2, bending), (20, 120), 2),
        random_wave(rng, rng.normal(0, 0.1, 3), np.full(3, rng.uniform(0, 0.25)), (30, 300)),
    )


def shoot(scene: MovingScene, t: float, rng: np.random.Generator) -> Shot:
    """The scene at frame t; rng makes the camera's noise only."""
    image = _background(scene, t)
    covered = np.zeros(image.shape[:2], np.float32)
    whole, box = 0.0, np.zeros(4, np.float32)
    for number, thing in enumerate(scene.objects):
        layer, corner, speed = _drawn(thing, t)
        window, part = _overlap(layer.shape, corner, image.shape)
        if number == scene.followed:
            whole = float(layer[..., 3].sum())
            box = _box(layer[..., 3], corner, scene.size)
        if part is None:
            continue
        cut = _blurred(layer, speed * scene.exposure)[part]
        share = cut[..., 3:]
        image[window] = image[window] * (1 - share) + cut[..., :3] * share
        if number == scene.followed:
            covered[window] = share[..., 0]
        elif number > scene.followed:
            covered[window] *= 1 - share[..., 0]
    visible = min(1.0, float(covered.sum()) / whole) if whole else 0.0
    return Shot(_camera(image, scene, rng), box, visible)


def _background(scene: MovingScene, t: float) -> FloatArray:
    x, y, log_zoom = scene.view.at(t)
    step = float(np.exp(-log_zoom))
    width, height = scene.size
    matrix = np.array([[step, 0, x - step * width / 2], [0, step, y - step * height / 2]])
    picture = cv2.warpAffine(
        scene.background,
        matrix,
        scene.size,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return picture.astype(np.float32)


def _drawn(thing: MovingObject, t: float) -> tuple[FloatArray, tuple[int, int], FloatArray]:
    """The object alone, float32 [h, w, 4] (RGB in 0..255, alpha in 0..1), where its upper left
    corner lies in the frame, and its velocity in pixels a frame."""
    log_side, log_aspect, angle = thing.shape.at(t)
    sprite = _bent(thing.sprite, thing.bend.at(t))
    height, width = sprite.shape[:2]
    zoom = np.exp(log_side) / max(height, width) * np.exp([log_aspect / 2, -log_aspect / 2])
    if zoom.max() < 0.5:
        shrunk = (max(2, int(width * zoom[0] * 1.5)), max(2, int(height * zoom[1] * 1.5)))
        sprite = np.asarray(cv2.resize(sprite, shrunk, interpolation=cv2.INTER_AREA), np.uint8)
        zoom = zoom * (width / shrunk[0], height / shrunk[1])
        height, width = sprite.shape[:2]
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.array([[cosine, -sine], [sine, cosine]]) * zoom
    reach = np.abs(turn) @ (width / 2, height / 2) + 2
    place = thing.place.at(t)
    corner = np.floor(place - reach).astype(int)
    size = np.ceil(place + reach).astype(int) - corner
    shift = place - corner - turn @ (width / 2, height / 2)
    matrix = np.concatenate([turn, shift[:, None]], axis=1)
    layer = cv2.warpAffine(sprite, matrix, (int(size[0]), int(size[1]))).astype(np.float32)
    layer[..., :3] *= np.exp(thing.light.at(t)).astype(np.float32)
    layer[..., 3] /= 255
    speed = (thing.place.at(t + 0.5) - thing.place.at(t - 0.5)).astype(np.float32)
    return np.clip(layer, 0, 255), (int(corner[0]), int(corner[1])), speed


def _bent(sprite: Image, bend: npt.NDArray[np.float64]) -> Image:
    """The sprite under a smooth displacement, with a margin so that it can bulge."""
    if not np.abs(bend).max() > 1e-3:
        return sprite
    margin = int(0.15 * max(sprite.shape[:2]))
    wide = cv2.copyMakeBorder(sprite, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    wide[:margin, :, 3] = wide[-margin:, :, 3] = wide[:, :margin, 3] = wide[:, -margin:, 3] = 0
    height, width = wide.shape[:2]
    grid = (bend.reshape(BEND, BEND, 2) * max(height, width)).astype(np.float32)
    moved = cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return np.asarray(
        cv2.remap(wide, x + moved[..., 0], y + moved[..., 1], cv2.INTER_LINEAR), np.uint8
    )


def _overlap(
    layer: tuple[int, ...], corner: tuple[int, int], frame: tuple[int, ...]
) -> tuple[tuple[slice, slice], tuple[slice, slice] | None]:
    """Where a layer lies in the frame, and which part of it; None where it lies outside."""
    (x, y), (h, w) = corner, layer[:2]
    left, top = max(x, 0), max(y, 0)
    right, bottom = min(x + w, frame[1]), min(y + h, frame[0])
    window = (slice(top, bottom), slice(left, right))
    if left >= right or top >= bottom:
        return window, None
    return window, (slice(top - y, bottom - y), slice(left - x, right - x))


def _box(alpha: FloatArray, corner: tuple[int, int], size: tuple[int, int]) -> FloatArray:
    """The box of an alpha above one half, cut at the frame; no area where nothing is inside."""
    rows, columns = (np.flatnonzero((alpha > 0.5).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return np.zeros(4, np.float32)
    x, y = corner
    ends = np.array([columns[0] + x, rows[0] + y, columns[-1] + 1 + x, rows[-1] + 1 + y])
    return np.asarray(np.clip(ends, 0, [*size, *size]), np.float32)


def _blurred(layer: FloatArray, way: FloatArray) -> FloatArray:
    """The layer smeared along `way` in pixels, which is the motion while the shutter is open."""
    length = float(np.hypot(*way))
    if length < 1.5:
        return layer
    half = min(length, 24.0) / 2 * way / length
    side = 2 * int(np.ceil(np.abs(half).max())) + 3
    kernel, middle = np.zeros((side, side), np.float32), side // 2
    ends = [tuple(int(v) for v in np.round((middle + sign * half) * 16)) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_AA, shift=4)
    return np.asarray(cv2.filter2D(layer, -1, kernel / kernel.sum()), np.float32)


def _camera(image: FloatArray, scene: MovingScene, rng: np.random.Generator) -> Image:
    """Noise and compression."""
    if scene.noise:
        field = rng.standard_normal(image.shape[:2], np.float32) * np.float32(scene.noise)
        image = image + field[..., None]
    picture = np.clip(image, 0, 255).astype(np.uint8)
    _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, scene.quality])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_UNCHANGED), np.uint8)
