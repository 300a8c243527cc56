"""Backgrounds that look a little like photographs of rooms, streets and nature."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from edgereg_training.render.colours import tint
from edgereg_training.render.geometry import Array
from edgereg_training.render.noise import fractal
from edgereg_training.render.rooms import draw_room, rectangle, wall


def outdoors(rng: np.random.Generator, height: int, width: int) -> Array:
    """Sky, a skyline or trees, and ground."""
    horizon = int(rng.uniform(0.3, 0.8) * height)
    sky = np.array([0.55, 0.7, 0.9]) * rng.uniform(0.6, 1.1) + rng.uniform(0, 0.3)
    image = np.empty((height, width, 3), np.float32)
    ramp = np.linspace(0.8, 1.15, height, dtype=np.float32)[:, None, None]
    image[:] = ramp * sky.astype(np.float32)
    clouds = np.clip(fractal(rng, height, width, 0.55), 0, 2)[..., None]
    image += (0.9 - image) * np.clip(clouds * rng.uniform(0, 0.4), 0, 1)
    for _ in range(int(rng.integers(0, 6))):
        x0, w = rng.uniform(-0.2, 1), rng.uniform(0.1, 0.4)
        top = horizon / height - rng.uniform(0.05, 0.5)
        rectangle(image, x0, top, x0 + w, 1.0, tint(rng, 0.12))
    if rng.random() < 0.7:
        trees(rng, image, horizon)
    ground = np.array(tint(rng, 0.15), np.float32) * (
        np.array([0.8, 1.0, 0.55], np.float32) if rng.random() < 0.5 else np.float32(1)
    )
    rough = 1 + 0.12 * fractal(rng, height - horizon, width, 0.75, 8)[..., None]
    image[horizon:] = ground * rough
    return image


def trees(rng: np.random.Generator, image: Array, horizon: int) -> None:
    """Trees."""
    height, width = image.shape[:2]
    leaves = fractal(rng, height, width, 0.8, 6)
    crown = fractal(rng, 8, width, 0.6, 5)[0]
    top = horizon - (rng.uniform(0.1, 0.4) + 0.12 * crown) * height
    rows = np.arange(height)[:, None]
    mask = (rows + 6 * leaves > top[None]) & (rows < horizon + 5)
    green = np.array([0.25, 0.36, 0.15], np.float32) * np.float32(rng.uniform(0.4, 1.5))
    foliage = green * (1 + 0.45 * leaves[..., None])
    image[mask] = np.clip(foliage, 0.01, 1)[mask]


def clutter(rng: np.random.Generator, height: int, width: int) -> Array:
    """Random shapes of muted colours."""
    image = wall(rng, height, width, 0.5)
    for _ in range(int(rng.integers(5, 45))):
        x, y = rng.uniform(-0.1, 1.1, 2) * [width, height]
        size = rng.uniform(0.02, 0.3) * width
        centre = (int(x), int(y))
        kind = rng.integers(4)
        if kind == 0:
            axes = (int(size), int(size * rng.uniform(0.3, 1)))
            cv2.ellipse(image, centre, axes, rng.uniform(0, 180), 0, 360, tint(rng, 0.2), -1,
                        cv2.LINE_AA)  # fmt: skip
        elif kind == 1:
            end = (int(x + rng.normal(0, 0.4) * width), int(y + rng.normal(0, 0.4) * height))
            cv2.line(image, centre, end, tint(rng, 0.2), int(rng.integers(1, 12)), cv2.LINE_AA)
        else:
            box = cv2.boxPoints(((x, y), (size, size * rng.uniform(0.3, 2)), rng.normal(0, 25)))
            cv2.fillPoly(image, [box.astype(np.int32)], tint(rng, 0.2), cv2.LINE_AA)
    return image


def text(rng: np.random.Generator, height: int, width: int) -> Array:
    """A board, screen or poster with lines of marks."""
    image = wall(rng, height, width, 0.3)
    ink = tint(rng, 0.2)
    size = rng.uniform(0.012, 0.05) * height
    y = rng.uniform(0, 0.2) * height
    while y < height:
        x = rng.uniform(0, 0.2) * width
        while x < width * rng.uniform(0.6, 1.0):
            w = size * rng.uniform(0.3, 3)
            cv2.rectangle(image, (int(x), int(y)), (int(x + w), int(y + size)), ink, -1)
            x += w + size * rng.uniform(0.3, 0.9)
        y += size * rng.uniform(1.5, 2.5)
    return image


def texture(rng: np.random.Generator, height: int, width: int) -> Array:
    """Fractal colour: rock, cloth, foliage out of focus."""
    image = wall(rng, height, width, 0.3)
    persistence = rng.uniform(0.45, 0.85)
    image *= 1 + rng.uniform(0.05, 0.35) * fractal(rng, height, width, persistence)[..., None]
    for channel in range(3):
        image[..., channel] += rng.uniform(0, 0.05) * fractal(rng, height, width, persistence)
    return image


def dark(rng: np.random.Generator, height: int, width: int) -> Array:
    """Night or stage: nearly black with out-of-focus lamps."""
    image = wall(rng, height, width, 0.6) * np.float32(rng.uniform(0.02, 0.2))
    for _ in range(int(rng.integers(0, 25))):
        centre = (int(rng.uniform(0, width)), int(rng.uniform(0, height)))
        colour = tuple(float(v) for v in rng.uniform(0.3, 1.0, 3))
        cv2.circle(image, centre, int(rng.integers(1, 12)), colour, -1, cv2.LINE_AA)
    return image


_KINDS: list[tuple[float, Callable[[np.random.Generator, int, int], Array]]] = [
    (0.26, lambda rng, h, w: wall(rng, h, w, rng.uniform(0.05, 0.7))),
    (0.4, draw_room),
    (0.12, outdoors),
    (0.07, clutter),
    (0.06, text),
    (0.04, texture),
    (0.05, dark),
]


def draw_background(rng: np.random.Generator, height: int, width: int) -> Array:
    """A background uint8 [height,width,3], sRGB."""
    shares = [share for share, _ in _KINDS]
    make = _KINDS[int(rng.choice(len(_KINDS), p=shares))][1]
    image = make(rng, height, width)
    if rng.random() < 0.5:
        # Uneven paint and dirt; not everywhere, or every wall looks like a cloud.
        image += rng.exponential(0.012) * fractal(rng, height, width, 0.75, 8)[..., None]
    if rng.random() < 0.7:
        image = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.3, 5.0)))
    return (np.clip(image, 0, 1) * 255).astype(np.uint8)


def background_pool(seed: int, count: int = 96, size: int = 256) -> list[Array]:
    """Backgrounds uint8 [size,size,3] to take crops of; the same seed gives the same pool."""
    return [draw_background(np.random.default_rng([0xBAC, seed, k]), size, size)
            for k in range(count)]  # fmt: skip


def crop_background(rng: np.random.Generator, pool: list[Array], size: int) -> Array:
    """A random, flipped, recoloured crop of a pool image as linear light float32 [size,size,3]."""
    image = pool[int(rng.integers(len(pool)))]
    side = int(rng.integers(image.shape[0] // 4, image.shape[0] + 1))
    x, y = rng.integers(0, image.shape[0] - side + 1, 2)
    crop = image[y : y + side, x : x + side]
    method = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    crop = cv2.resize(crop, (size, size), interpolation=method)
    if rng.random() < 0.5:
        crop = crop[:, ::-1]
    gain = rng.uniform(0.75, 1.15) * (1 + rng.normal(0, 0.04, 3))
    scaled = crop * (gain / 255).astype(np.float32)
    return np.asarray(scaled * scaled, np.float32)
