"""Road and street pictures without people: lanes, trees, cars, signs."""

from __future__ import annotations

import cv2
import numpy as np

from edgereg_training.render.colours import tint
from edgereg_training.render.geometry import Array
from edgereg_training.render.noise import fractal


def draw_road(rng: np.random.Generator, height: int, width: int) -> Array:
    """A road seen from a car, uint8 [height,width,3] sRGB."""
    horizon = int(height * rng.uniform(0.35, 0.65))
    vanish = width * rng.uniform(0.3, 0.7)
    image = np.empty((height, width, 3), np.float32)
    sky = np.array([0.5, 0.66, 0.9]) * rng.uniform(0.7, 1.1) + rng.uniform(0, 0.2)
    image[:] = np.linspace(0.85, 1.15, height, dtype=np.float32)[:, None, None] * sky
    hills(rng, image, horizon)
    _ground(rng, image, horizon)
    lanes(rng, image, horizon, vanish)
    for _ in range(int(rng.integers(0, 6))):
        car(rng, image, horizon, vanish)
    for _ in range(int(rng.integers(0, 6))):
        sign(rng, image, horizon)
    image *= 1 + 0.04 * fractal(rng, height, width, 0.8)[..., None]
    return (np.clip(image, 0, 1) * 255).astype(np.uint8)


def hills(rng: np.random.Generator, image: Array, horizon: int) -> None:
    """Hills on the horizon."""
    height, width = image.shape[:2]
    rows = np.arange(height)[:, None]
    leaves = fractal(rng, height, width, 0.8, 8)
    for level, shade in ((0.12, 0.7), (0.07, 0.45)):
        ridge = horizon - np.abs(fractal(rng, 8, width, 0.6, 4)[0]) * level * height
        rough = ridge[None] + 0.01 * height * leaves
        colour = np.array([0.5, 0.6, 0.5]) * shade * rng.uniform(0.6, 1.2)
        mask = (rows > rough) & (rows <= horizon + 2)
        image[mask] = (colour.astype(np.float32) * (1 + 0.3 * leaves[..., None]))[mask]


def _ground(rng: np.random.Generator, image: Array, horizon: int) -> None:
    height, width = image.shape[:2]
    grass = np.array([[0.35, 0.4, 0.2], [0.6, 0.53, 0.36]])[rng.integers(2)]
    grass = grass * rng.uniform(0.6, 1.2)
    rough = 1 + 0.12 * fractal(rng, height - horizon, width, 0.8, 8)[..., None]
    image[horizon:] = grass.astype(np.float32) * rough


def lanes(rng: np.random.Generator, image: Array, horizon: int, vanish: float) -> None:
    """Lanes and their marks."""
    height, width = image.shape[:2]
    left, right = -width * rng.uniform(0.1, 0.9), width * rng.uniform(1.1, 1.9)
    asphalt = float(rng.uniform(0.2, 0.5))
    apex = [vanish, horizon]
    road = np.array([apex, [right, height], [left, height]], np.int32)
    cv2.fillPoly(image, [road], (asphalt, asphalt, asphalt * 1.03), cv2.LINE_AA)
    paint = [(0.95, 0.95, 0.95), (0.9, 0.75, 0.25)]
    for k in range(int(rng.integers(2, 5))):
        foot = left + (right - left) * (k + 0.5) / 4
        colour = paint[int(rng.random() < 0.2)]
        spans = (
            [(0.02, 1.0)] if rng.random() < 0.4 else [(0.1 * 2**j, 0.14 * 2**j) for j in range(4)]
        )
        for start, end in spans:
            a = np.array(apex) + (np.array([foot, height]) - apex) * start
            b = np.array(apex) + (np.array([foot, height]) - apex) * end
            half = np.array([width * 0.012, 0])
            quad = np.array([a - half * start, a + half * start, b + half * end,
                             b - half * end], np.int32)  # fmt: skip
            cv2.fillPoly(image, [quad], colour, cv2.LINE_AA)


def car(rng: np.random.Generator, image: Array, horizon: int, vanish: float) -> None:
    """A car ahead."""
    height, width = image.shape[:2]
    near = rng.random() ** 2
    size = width * (0.02 + 0.22 * near)
    x = vanish + rng.normal(0, 0.4) * width * (0.15 + near)
    y = horizon + (height - horizon) * 0.6 * near
    colour = tint(rng, 0.25)
    dark = (0.05, 0.05, 0.06)

    def box(x0: float, y0: float, x1: float, y1: float, paint: tuple[float, ...]) -> None:
        cv2.rectangle(image, (int(x + x0 * size), int(y + y0 * size)),
                      (int(x + x1 * size), int(y + y1 * size)), paint, -1, cv2.LINE_AA)  # fmt: skip

    box(-0.5, -0.1, 0.5, 0.3, colour)
    box(-0.38, -0.35, 0.38, -0.1, colour)
    box(-0.33, -0.31, 0.33, -0.1, dark)
    for side in (-0.42, 0.42):
        box(side - 0.07, 0.2, side + 0.07, 0.4, dark)
        box(side - 0.05, -0.02, side + 0.05, 0.06, (0.8, 0.1, 0.1))


def sign(rng: np.random.Generator, image: Array, horizon: int) -> None:
    """A traffic sign."""
    height, width = image.shape[:2]
    x = int(rng.uniform(0, width))
    top = int(horizon - rng.uniform(0.02, 0.35) * height)
    foot = int(horizon + rng.uniform(0, 0.1) * height)
    size = int(rng.uniform(0.01, 0.06) * width) + 1
    cv2.line(image, (x, top), (x, foot), tint(rng), max(1, size // 5), cv2.LINE_AA)
    if rng.random() < 0.5:
        cv2.circle(image, (x, top), size, tint(rng, 0.5), -1, cv2.LINE_AA)
        cv2.circle(image, (x, top), max(1, int(size * 0.7)), tint(rng, 0.3), -1, cv2.LINE_AA)
    else:
        cv2.rectangle(
            image, (x - size, top - size), (x + size, top + size // 2), tint(rng, 0.4), -1
        )
