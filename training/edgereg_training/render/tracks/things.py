"""What stands about a track: sky, hills and houses or the walls of a hall, cones, cars, posts."""

from __future__ import annotations

import cv2
import numpy as np

from edgereg_training.render.colours import tint, wall_tint
from edgereg_training.render.geometry import Array
from edgereg_training.render.noise import fractal
from edgereg_training.render.tracks.camera import Camera
from edgereg_training.render.tracks.path import Path

CONES = ((0.95, 0.4, 0.08), (0.9, 0.75, 0.1), (0.85, 0.12, 0.1), (0.15, 0.35, 0.8))
# Farther than this, cones and cars are a pixel or less.
FARTHEST = 40.0


def landscape(rng: np.random.Generator, rays: Array) -> Array:
    """Sky, hills and trees for every ray [H, W, 3], as if nothing stood on the ground."""
    height, width = rays.shape[:2]
    up = rays[..., 1] / np.hypot(rays[..., 0], rays[..., 2])
    blue = np.array([0.5, 0.66, 0.9]) * (1 - (grey := rng.random())) + grey * rng.uniform(0.5, 0.95)
    picture = blue * (1.05 - 0.25 * np.clip(up, 0, 1))[..., None]
    cloud = np.clip(fractal(rng, height, width, 0.7) - rng.uniform(0, 2), 0, 1)[..., None]
    picture = picture + 0.6 * cloud * (0.95 - picture)
    leaves = fractal(rng, height, width, 0.9, 8)
    for tallest, shade in ((0.22, 0.75), (0.14, 0.5)):
        ridge = np.abs(fractal(rng, 8, width, 0.7, 4)[0]) * tallest * rng.random()
        colour = np.array([0.42, 0.5, 0.4]) * shade * rng.uniform(0.6, 1.3, 3)
        hill = (up < ridge + 0.01 * leaves) & (up > -0.02)
        picture[hill] = (colour * (1 + 0.25 * leaves[..., None]))[hill]
    return np.asarray(picture, np.float32)


def hall(rng: np.random.Generator, rays: Array) -> Array:
    """The walls, lamps and clutter of a room for every ray [H, W, 3]."""
    height, width = rays.shape[:2]
    up = rays[..., 1] / np.hypot(rays[..., 0], rays[..., 2])
    ceiling = np.array(tint(rng)) * rng.uniform(0.1, 1.0)
    top = rng.uniform(0.08, 0.6)
    picture = np.where((up < top)[..., None], np.array(wall_tint(rng)), ceiling)
    picture = picture * (1 + 0.06 * fractal(rng, height, width, 0.8)[..., None])
    horizon = np.argmin(np.abs(up), axis=0)
    for _ in range(int(rng.integers(4, 30))):
        x, wide = int(rng.integers(width)), int(width * rng.uniform(0.01, 0.12)) + 1
        foot = int(horizon[min(x, width - 1)]) + int(rng.integers(-3, 3))
        tall = int(height * rng.uniform(0.02, 0.3))
        colour = tint(rng, 0.35)
        if rng.random() < 0.3:
            lamp = int(foot - height * rng.uniform(0.1, 0.5))
            bright = (1.0, 1.0, float(rng.uniform(0.8, 1)))
            cv2.ellipse(picture, (x, lamp), (max(1, wide // 3), 2), 0, 0, 360, bright, -1)
        else:
            cv2.rectangle(picture, (x, foot - tall), (x + wide, foot + 2), colour, -1)
    return np.asarray(picture, np.float32)


def draw_cones(
    rng: np.random.Generator, picture: Array, camera: Camera, path: Path, lane: float
) -> None:
    """Cones along both sides of the lane, the farthest first."""
    spacing, tall = rng.uniform(1.2, 3.5), float(rng.uniform(0.5, 1.6))
    colours = [CONES[int(i)] for i in rng.integers(len(CONES), size=2)]
    for along in np.arange(rng.uniform(18, 30), 0.5, -spacing):
        index = int(np.searchsorted(path.along, along))
        side = np.array([np.cos(path.heading[index]), -np.sin(path.heading[index])])
        for sign, colour in zip((-1, 1), colours, strict=True):
            foot = path.points[index] + sign * side * lane / 2 + rng.normal(0, 0.06, 2)
            _cone(picture, camera, foot, tall, colour)


def scatter(rng: np.random.Generator, picture: Array, camera: Camera, road: bool) -> None:
    """Cars and posts of a road, or single cones of a hall, anywhere but right before the car."""
    count = int(rng.integers(0, 6))
    places = np.stack([rng.normal(0, 12, count), rng.uniform(4, FARTHEST, count)], axis=1)
    places = places[np.abs(places[:, 0]) > 0.25 * places[:, 1] ** 0.5 + 1.5]
    for place in places[np.argsort(-places[:, 1])]:
        if road and rng.random() < 0.6:
            _car(rng, picture, camera, place)
        elif road:
            _post(rng, picture, camera, place)
        else:
            _cone(picture, camera, place, rng.uniform(0.4, 1.5), CONES[int(rng.integers(4))])


def _cone(
    picture: Array, camera: Camera, place: Array, tall: float, colour: tuple[float, float, float]
) -> None:
    x, z = place
    _fill(picture, camera, _taper(x, z, 0.0, tall, (0.32 * tall, 0.06 * tall)), colour)
    stripe = _taper(x, z, 0.35 * tall, 0.6 * tall, (0.22 * tall, 0.16 * tall))
    _fill(picture, camera, stripe, (0.95, 0.95, 0.95))


def _car(rng: np.random.Generator, picture: Array, camera: Camera, place: Array) -> None:
    (x, z), half, tall = place, rng.uniform(0.6, 0.9), rng.uniform(1.0, 1.5)
    _fill(picture, camera, _board(x, z, half, 0.1, 0.6 * tall), tint(rng, 0.4))
    _fill(picture, camera, _board(x, z, 0.8 * half, 0.6 * tall, tall), (0.06, 0.07, 0.08))
    for side in (-0.75, 0.75):
        _fill(picture, camera, _board(x + side * half, z, 0.12 * half, 0.35, 0.5), (0.8, 0.1, 0.1))
        _fill(picture, camera, _board(x + side * half, z, 0.15 * half, 0.0, 0.2), (0.04,) * 3)


def _post(rng: np.random.Generator, picture: Array, camera: Camera, place: Array) -> None:
    (x, z), tall = place, rng.uniform(0.8, 4.0)
    _fill(picture, camera, _board(x, z, 0.06, 0, tall), tint(rng))
    if rng.random() < 0.5:
        _fill(picture, camera, _board(x, z, 0.35, tall, tall + 0.6), tint(rng, 0.5))


def _board(x: float, z: float, half: float, low: float, high: float) -> Array:
    """An upright rectangle at (x, z), from `low` to `high` above the ground."""
    return _taper(x, z, low, high, (half, half))


def _taper(x: float, z: float, low: float, high: float, halves: tuple[float, float]) -> Array:
    """The same with half widths of its own below and above: corners [4, 3]."""
    below, above = halves
    return np.array([[x - below, low - 1, z], [x + below, low - 1, z],
                     [x + above, high - 1, z], [x - above, high - 1, z]])  # fmt: skip


def _fill(picture: Array, camera: Camera, corners: Array, colour: tuple[float, ...]) -> None:
    seen = camera.project(corners)
    if np.isfinite(seen).all() and np.abs(seen).max() < 4000:
        # Three binary digits of a pixel, so that far things don't jump.
        cv2.fillPoly(picture, [np.round(seen * 8).astype(np.int32)], colour, cv2.LINE_AA, 3)
