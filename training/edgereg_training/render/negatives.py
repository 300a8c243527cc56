"""Things that a careless detector takes for heads: balls, lamps, plates, flowers, hands, blobs."""

from __future__ import annotations

import cv2
import numpy as np

from edgereg_training.render.geometry import Array
from edgereg_training.render.noise import fractal
from edgereg_training.render.traits import SKIN_TONES

KINDS = ("ball", "lamp", "plate", "flower", "blob", "hand", "stool", "vase", "clock")


def draw_negative(rng: np.random.Generator, image: Array) -> None:
    """Draw one head-like thing on a linear picture float32 [H,W,3], in place."""
    height, width = image.shape[:2]
    radius = float(np.exp(rng.uniform(np.log(5), np.log(0.3 * height))))
    centre = rng.uniform(0, 1, 2) * [width, height]
    kind = KINDS[rng.integers(len(KINDS))]
    drawers = {
        "ball": ball, "lamp": _lamp, "plate": plate, "flower": flower, "blob": blob,
        "hand": hand, "stool": stool, "vase": vase, "clock": clock,
    }  # fmt: skip
    drawers[kind](rng, image, centre, radius)


def _colour(rng: np.random.Generator) -> Array:
    """Linear colour: of skin or hair in two cases of five, else any."""
    if rng.random() < 0.4:
        skin = SKIN_TONES[rng.integers(len(SKIN_TONES))] * rng.uniform(0.6, 1.1)
        return np.asarray(np.square(skin))
    grey = rng.uniform(0.03, 0.95)
    return np.asarray(np.square(np.clip(grey * (1 + rng.normal(0, 0.3, 3)), 0, 1)))


def _sphere(
    rng: np.random.Generator, image: Array, centre: Array, radius: Array, colour: Array
) -> None:
    """A lit ellipsoid of half axes `radius` [2] px, with a noisy surface."""
    height, width = image.shape[:2]
    low = np.clip(np.floor(centre - radius - 1), 0, [width, height]).astype(int)
    high = np.clip(np.ceil(centre + radius + 2), 0, [width, height]).astype(int)
    if (high <= low).any():
        return
    y, x = np.mgrid[low[1] : high[1], low[0] : high[0]]
    u, v = (x + 0.5 - centre[0]) / radius[0], (y + 0.5 - centre[1]) / radius[1]
    square = u * u + v * v
    z = np.sqrt(np.clip(1 - square, 0, 1))
    lamp = rng.normal(0, 1, 3) + np.array([0, -0.8, 1.0])
    lamp /= np.linalg.norm(lamp)
    lit = 0.35 + 0.75 * np.clip(u * lamp[0] + v * lamp[1] + z * lamp[2], 0, 1)
    lit = lit * (1 + rng.uniform(0, 0.15) * fractal(rng, *lit.shape)) if lit.size > 400 else lit
    alpha = np.clip((1 - np.sqrt(square)) * radius.min(), 0, 1)[..., None]
    region = image[low[1] : high[1], low[0] : high[0]]
    region *= 1 - alpha
    region += alpha * lit[..., None] * colour


def ball(rng: np.random.Generator, image: Array, centre: Array, radius: float) -> None:
    """A ball."""
    axes = radius * np.array([1, rng.uniform(0.9, 1.35)])
    _sphere(rng, image, centre, axes, _colour(rng))


def blob(rng: np.random.Generator, image: Array, centre: Array, radius: float) -> None:
    """A plain blob."""
    colour = np.square(SKIN_TONES[rng.integers(len(SKIN_TONES))])
    for _ in range(int(rng.integers(1, 5))):
        place = centre + rng.normal(0, 0.5, 2) * radius
        _sphere(rng, image, place, radius * rng.uniform(0.3, 1.1, 2), colour)


def _lamp(rng: np.random.Generator, image: Array, centre: Array, radius: float) -> None:
    pole = (int(centre[0]), int(centre[1] + radius * rng.uniform(2, 8)))
    start = (int(centre[0]), int(centre[1]))
    cv2.line(image, start, pole, _tuple(_colour(rng)), max(1, int(radius * 0.12)), cv2.LINE_AA)
    _sphere(
        rng, image, centre, radius * rng.uniform(0.5, 1.1, 2), rng.uniform(0.6, 1.4) * np.ones(3)
    )


def _tuple(colour: Array) -> tuple[float, float, float]:
    r, g, b = (float(v) for v in colour)
    return r, g, b


def _line(image: Array, start: Array, end: Array, colour: Array, thickness: float) -> None:
    a, b = (int(start[0]), int(start[1])), (int(end[0]), int(end[1]))
    cv2.line(image, a, b, _tuple(colour), max(1, int(thickness)), cv2.LINE_AA)


def _ellipse(image: Array, centre: Array, axes: Array, colour: Array, angle: float = 0) -> None:
    place = (int(centre[0]), int(centre[1]))
    size = (max(1, int(axes[0])), max(1, int(axes[1])))
    cv2.ellipse(image, place, size, angle, 0, 360, _tuple(colour), -1, cv2.LINE_AA)


def plate(rng: np.random.Generator, image: Array, centre: Array, radius: float) -> None:
    """A plate."""
    axes = radius * np.array([1, rng.uniform(0.3, 1.0)])
    colour = _colour(rng)
    _ellipse(image, centre, axes, colour)
    _ellipse(image, centre, axes * rng.uniform(0.5, 0.85), colour * rng.uniform(0.5, 1.3))


def clock(rng: np.random.Generator, image: Array, centre: Array, radius: float) -> None:
    """A clock face."""
    _ellipse(image, centre, np.array([radius, radius]), _colour(rng))
    _ellipse(image, centre, np.array([radius, radius]) * 0.86, _colour(rng))
    for length in (0.5, 0.75):
        angle = rng.uniform(0, 2 * np.pi)
        end = centre + radius * length * np.array([np.cos(angle), np.sin(angle)])
        _line(image, centre, end, np.full(3, 0.01), radius * 0.08)


def flower(rng: np.random.Generator, image: Array, centre: Array, radius: float) -> None:
    """A flower."""
    petals, colour = int(rng.integers(5, 12)), _colour(rng)
    for k in range(petals):
        angle = 2 * np.pi * k / petals
        place = centre + 0.6 * radius * np.array([np.cos(angle), np.sin(angle)])
        _ellipse(image, place, radius * np.array([0.45, 0.22]), colour, np.degrees(angle))
    _sphere(rng, image, centre, radius * np.array([0.35, 0.35]), _colour(rng))


def hand(rng: np.random.Generator, image: Array, centre: Array, radius: float) -> None:
    """A fist."""
    colour = np.square(SKIN_TONES[rng.integers(len(SKIN_TONES))]) * rng.uniform(0.4, 1.0)
    up = rng.uniform(0, 2 * np.pi)
    along = np.array([np.cos(up), np.sin(up)])
    across = np.array([-along[1], along[0]])
    wrist = centre - along * radius * rng.uniform(2, 5)
    _line(image, centre, wrist, colour, radius * 0.9)
    for k in range(4):
        root = centre + across * radius * (k - 1.5) * 0.35
        tip = root + along * radius * rng.uniform(0.6, 1.8)
        _line(image, root, tip, colour * rng.uniform(0.85, 1), radius * 0.3)
    _sphere(rng, image, centre, radius * np.array([0.75, 0.7]), colour)


def stool(rng: np.random.Generator, image: Array, centre: Array, radius: float) -> None:
    """A chair's or bar table's round top on legs, or an office chair's back."""
    colour = _colour(rng)
    foot = centre + np.array([0, radius * rng.uniform(1.5, 4)])
    _line(image, centre, foot, colour * 0.5, radius * 0.15)
    _ellipse(image, centre, radius * np.array([1, rng.uniform(0.25, 1.3)]), colour)


def vase(rng: np.random.Generator, image: Array, centre: Array, radius: float) -> None:
    """A vase."""
    colour = _colour(rng)
    _sphere(rng, image, centre, radius * np.array([0.8, 1.0]), colour)
    _sphere(rng, image, centre - [0, radius], radius * np.array([0.35, 0.5]), colour)
