"""Pictures without any head: roads with cars, rooms and abstract clutter, made in code."""

from __future__ import annotations

import cv2
import numpy as np

from edgereg.core.arrays import Image


def random_backdrop(width: int, height: int, rng: np.random.Generator) -> Image:
    """A picture uint8 [height, width, 3] of a road, a room or clutter, without a head."""
    draw = (_road, room, clutter)[int(rng.integers(3))]
    picture: Image = np.clip(draw(width, height, rng), 0, 255).astype(np.uint8)
    return picture


def _texture(width: int, height: int, rng: np.random.Generator, finest: int = 4) -> np.ndarray:
    """Smooth noise float32 [height, width] of about unit variance, from coarse to fine."""
    total = np.zeros((height, width), np.float32)
    cells = max(width, height) // 2
    while cells >= finest:
        shape = (max(2, height // cells + 1), max(2, width // cells + 1))
        coarse = rng.standard_normal(shape).astype(np.float32) * np.float32(rng.uniform(0.2, 1))
        total += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        cells //= 2
    return total / max(float(total.std()), 1e-3)


def _road(width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """Sky, wooded horizon, verge and a road with lane lines and far cars."""
    horizon = int(height * rng.uniform(0.3, 0.6))
    image = np.zeros((height, width, 3), np.float32)
    sky = np.linspace(rng.uniform(90, 180), rng.uniform(170, 240), horizon)[:, None, None]
    image[:horizon] = sky * np.array([rng.uniform(0.6, 1), rng.uniform(0.8, 1), 1.0])
    ground = rng.uniform(60, 170, 3) * (1, 0.92, 0.7)
    image[horizon:] = ground + 14 * _texture(width, height - horizon, rng)[..., None]
    trees(image, horizon, rng)
    vanish = np.array([width * rng.uniform(0.3, 0.7), horizon])
    lanes(image, vanish, rng)
    for _ in range(int(rng.integers(0, 6))):
        far_car(image, vanish, rng)
    return image


def trees(image: np.ndarray, horizon: int, rng: np.random.Generator) -> None:
    """A noisy dark band whose upper edge goes up and down, and some poles."""
    height, width = image.shape[:2]
    edge = horizon - height * rng.uniform(0.02, 0.14) * (1 + _texture(width, 2, rng, 8)[0])
    wood = rng.uniform(20, 90, 3) * (0.85, 1, 0.6)
    rows = np.arange(height)[:, None]
    mask = (rows > edge) & (rows < horizon + 3)
    leaves = wood + 18 * _texture(width, height, rng, 2)[..., None]
    image[mask] = leaves[mask]
    for _ in range(int(rng.integers(0, 4))):
        x, top = int(rng.uniform(0, width)), int(horizon * rng.uniform(0.1, 0.9))
        cv2.line(image, (x, top), (x, horizon), _colour(rng), int(rng.integers(1, 5)))


def lanes(image: np.ndarray, vanish: np.ndarray, rng: np.random.Generator) -> None:
    """Lanes and their marks."""
    height, width = image.shape[:2]
    left, right = width * rng.uniform(-1.0, 0.1), width * rng.uniform(0.9, 2.0)
    asphalt = np.full(3, rng.uniform(40, 130)) * rng.uniform(0.93, 1.05, 3)
    tip = vanish + np.array([[-4, 0], [4, 0]])
    corners = np.concatenate([tip, [[right, height], [left, height]]])
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, corners.astype(np.int32), 255)
    road = asphalt + 5 * _texture(width, height, rng, 2)[..., None]
    image[mask > 0] = road[mask > 0]
    for share in np.linspace(0.05, 0.95, int(rng.integers(2, 6))):
        foot = np.array([left + share * (right - left), height])
        dashes = np.geomspace(0.04, 1, 9) if rng.random() < 0.6 else np.array([0.0, 1.0])
        for a, b in zip(dashes[::2], dashes[1::2], strict=False):
            ends = (vanish + (foot - vanish) * a, vanish + (foot - vanish) * b)
            thickness = max(1, int(b * height * 0.015))
            cv2.line(image, _point(ends[0]), _point(ends[1]), (225, 222, 210), thickness)


def far_car(image: np.ndarray, vanish: np.ndarray, rng: np.random.Generator) -> None:
    """A small car on the road; the nearer the larger."""
    height, width = image.shape[:2]
    near = rng.uniform(0.01, 0.25)
    aside = rng.uniform(-1.2, 1.2) * width * (near + 0.1)
    middle = vanish + np.array([aside, height * near * 0.8])
    w, h = height * near * 0.5 + 3, height * near * 0.4 + 2
    body = np.array(_colour(rng))
    for low, high, inset, shade in (
        (0.6, 1.0, 0.0, 0.15),
        (0.0, 0.8, 0.0, 1.0),
        (-0.8, 0, 0.2, 0.9),
    ):
        a = middle + np.array([-w * (1 - inset), h * low])
        b = middle + np.array([w * (1 - inset), h * high])
        cv2.rectangle(image, _point(a), _point(b), tuple(float(v) for v in body * shade), -1)
    window = (middle + np.array([-w * 0.65, -h * 0.65]), middle + np.array([w * 0.65, -h * 0.1]))
    cv2.rectangle(image, _point(window[0]), _point(window[1]), (45.0, 50.0, 58.0), -1)
    for sign in (-1, 1):
        lamp = middle + np.array([sign * 0.8 * w, h * 0.2])
        cv2.circle(image, _point(lamp), max(1, int(0.12 * w)), (190.0, 35.0, 30.0), -1)


def room(width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """Walls in soft light, a floor with boards, panels, doors, lamps and furniture."""
    corners = rng.uniform(0.65, 1.1, (2, 2, 1)).astype(np.float32)
    light = cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR)[..., None]
    wall = np.full(3, rng.uniform(90, 240)) * np.exp(rng.normal(0, 0.07, 3))
    image = (wall * light).astype(np.float32)
    floor = int(height * rng.uniform(0.6, 1.1))
    if floor < height:
        _floor(image, floor, rng)
    edge = int(width * rng.uniform(-0.2, 1.2))
    image[:, max(0, edge) :] *= np.float32(rng.uniform(0.8, 1.15))
    for _ in range(int(rng.integers(1, 6))):
        _furniture(image, rng)
    for _ in range(int(rng.integers(0, 3))):
        spot = (int(rng.uniform(0, width)), int(rng.uniform(0, 0.4 * height)))
        axes = (int(rng.uniform(4, 40)), int(rng.uniform(2, 12)))
        cv2.ellipse(image, spot, axes, 0, 0, 360, (250, 248, 240), -1, cv2.LINE_AA)
    return image


def _floor(image: np.ndarray, top: int, rng: np.random.Generator) -> None:
    height, width = image.shape[:2]
    wood = rng.uniform(60, 200) * np.array([1, rng.uniform(0.55, 1), rng.uniform(0.3, 1)])
    image[top:] = wood + 8 * _texture(width, height - top, rng)[..., None]
    for x in np.linspace(-width, 2 * width, int(rng.integers(10, 70))):
        foot = width / 2 + (x - width / 2) * 1.6
        shade = tuple(float(v) for v in wood * rng.uniform(0.75, 1.15))
        cv2.line(image, (int(x), top), (int(foot), height), shade, int(rng.integers(1, 4)))


def _furniture(image: np.ndarray, rng: np.random.Generator) -> None:
    """A quadrilateral or a round-topped shape of one colour, with or without a frame."""
    height, width = image.shape[:2]
    centre = rng.uniform(0, 1, 2) * (width, height)
    half = rng.uniform(0.03, 0.3, 2) * (width, height)
    signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    corners = centre + half * signs * rng.uniform(0.85, 1.15, (4, 2))
    colour, frame = _colour(rng), _colour(rng)
    if rng.random() < 0.3:
        axes = (int(half[0] * 0.5) + 1, int(half[1] * 0.4) + 1)
        cv2.ellipse(image, _point(centre), axes, 0, 0, 360, colour, -1, cv2.LINE_AA)
        return
    cv2.fillConvexPoly(image, corners.astype(np.int32), colour, cv2.LINE_AA)
    if rng.random() < 0.6:
        thick = int(rng.integers(1, 9))
        cv2.polylines(image, [corners.astype(np.int32)], True, frame, thick, cv2.LINE_AA)


def clutter(width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """Coloured noise of all scales with shapes on it."""
    channels = [_texture(width, height, rng, 2) for _ in range(3)]
    common = channels[0][..., None]
    own = np.stack(channels, axis=2)
    image = rng.uniform(60, 190, 3) + rng.uniform(5, 45) * (0.6 * common + 0.5 * own)
    image = np.ascontiguousarray(image, np.float32)
    for _ in range(int(rng.integers(0, 8))):
        _furniture(image, rng)
    return image


def _colour(rng: np.random.Generator) -> tuple[float, float, float]:
    grey = np.full(3, rng.uniform(5, 245))
    colour = rng.uniform(0, 255, 3) if rng.random() < 0.4 else grey * np.exp(rng.normal(0, 0.08, 3))
    return float(colour[0]), float(colour[1]), float(colour[2])


def _point(xy: np.ndarray) -> tuple[int, int]:
    return int(xy[0]), int(xy[1])
