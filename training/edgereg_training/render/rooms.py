"""Rooms: walls under soft light, floors, windows, doors, boards, shelves, tables, ceiling lamps."""

from __future__ import annotations

import cv2
import numpy as np

from edgereg_training.render.colours import tint, wall_tint
from edgereg_training.render.geometry import Array
from edgereg_training.render.noise import fractal

Colour = tuple[float, float, float]


def wall(rng: np.random.Generator, height: int, width: int, contrast: float) -> Array:
    """A plain wall float32 [h,w,3] lit unevenly."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    ramp = (x / width - 0.5) * np.cos(angle) + (y / height - 0.5) * np.sin(angle)
    centre = rng.uniform(0, 1, 2)
    glow = np.exp(-((x / width - centre[0]) ** 2 + (y / height - centre[1]) ** 2) * 3)
    light = 1 + contrast * (ramp + 0.7 * glow - 0.3)
    colour = np.array(wall_tint(rng), np.float32)
    return np.asarray(light[..., None] * colour, np.float32)


def draw_room(rng: np.random.Generator, height: int, width: int) -> Array:
    """A wall with a floor, windows, doors, panels and furniture, float32 [h,w,3] sRGB."""
    image = wall(rng, height, width, rng.uniform(0.05, 0.5))
    if rng.random() < 0.5:
        corner(rng, image)
    if rng.random() < 0.5:
        floor(rng, image)
    for _ in range(int(rng.integers(0, 4))):
        panel(rng, image)
    for chance, draw in ((0.3, window), (0.22, shelf), (0.2, table), (0.25, ceiling),
                         (0.3, furniture)):  # fmt: skip
        if rng.random() < chance:
            draw(rng, image)
    return image


def rectangle(
    image: Array, x0: float, y0: float, x1: float, y1: float, colour: Colour, thickness: int = -1
) -> None:
    """Draw a rectangle given in shares of the image."""
    h, w = image.shape[:2]
    low, high = (int(x0 * w), int(y0 * h)), (int(x1 * w), int(y1 * h))
    cv2.rectangle(image, low, high, colour, thickness, cv2.LINE_AA)


def _quad(image: Array, corners: list[tuple[float, float]], colour: Colour) -> None:
    h, w = image.shape[:2]
    points = np.array([[int(x * w), int(y * h)] for x, y in corners], np.int32)
    cv2.fillPoly(image, [points], colour, cv2.LINE_AA)


def corner(rng: np.random.Generator, image: Array) -> None:
    """The second wall of a corner or corridor, in another light."""
    h, w = image.shape[:2]
    edge = int(rng.uniform(0.1, 0.9) * w)
    side = slice(0, edge) if rng.random() < 0.5 else slice(edge, w)
    image[:, side] *= np.float32(rng.uniform(0.7, 1.2))
    if rng.random() < 0.3:
        cv2.line(image, (edge, 0), (edge, h), wall_tint(rng), int(rng.integers(1, 12)))


def floor(rng: np.random.Generator, image: Array) -> None:
    """The floor and its texture."""
    h, w = image.shape[:2]
    level, slant = rng.uniform(0.6, 0.95), rng.normal(0, 0.08)
    wooden = rng.random() < 0.5
    colour = np.array([0.62, 0.4, 0.24]) * rng.uniform(0.5, 1.3) if wooden else np.array(tint(rng))
    base: Colour = (float(colour[0]), float(colour[1]), float(colour[2]))
    _quad(image, [(0, level), (1, level + slant), (1, 1.3), (0, 1.3)], base)
    if wooden:
        apex = np.array([rng.uniform(-0.5, 1.5) * w, level * h - rng.uniform(0.2, 1.5) * h])
        for x in np.linspace(-1.5, 2.5, int(rng.integers(20, 60))):
            foot = np.array([x * w, 1.05 * h])
            share = (level * h + 1 - apex[1]) / (foot[1] - apex[1])
            start = apex + (foot - apex) * share
            shade = colour * rng.uniform(0.65, 1.15)
            line: Colour = (float(shade[0]), float(shade[1]), float(shade[2]))
            cv2.line(image, (int(start[0]), int(start[1])), (int(foot[0]), int(foot[1])), line,
                     int(rng.integers(1, 5)), cv2.LINE_AA)  # fmt: skip
    if rng.random() < 0.5:
        board = wall_tint(rng)
        _quad(image, [(0, level - 0.02), (1, level + slant - 0.02), (1, level + slant),
                      (0, level)], board)  # fmt: skip


def panel(rng: np.random.Generator, image: Array) -> None:
    """A door, board, screen, picture or cupboard: a large plain rectangle, perhaps framed."""
    x0, y0 = rng.uniform(-0.2, 0.95), rng.uniform(-0.2, 0.6)
    x1, y1 = x0 + rng.uniform(0.06, 0.45), y0 + rng.uniform(0.15, 0.9)
    colour = tint(rng, 0.1) if rng.random() < 0.75 else tint(rng, 0.5)
    slant = rng.normal(0, 0.06) if rng.random() < 0.5 else 0.0
    _quad(image, [(x0, y0), (x1, y0 + slant), (x1, y1), (x0, y1 + slant)], colour)
    if rng.random() < 0.5:
        h, w = image.shape[:2]
        corners = np.array([[x0, y0], [x1, y0 + slant], [x1, y1], [x0, y1 + slant]]) * [w, h]
        cv2.polylines(image, [corners.astype(np.int32)], True, tint(rng), int(rng.integers(1, 7)),
                      cv2.LINE_AA)  # fmt: skip


def window(rng: np.random.Generator, image: Array) -> None:
    """A window."""
    x0, y0 = rng.uniform(-0.1, 0.7), rng.uniform(-0.2, 0.4)
    x1, y1 = x0 + rng.uniform(0.15, 0.5), y0 + rng.uniform(0.3, 0.7)
    bright = float(rng.uniform(0.75, 1.3))
    rectangle(image, x0, y0, x1, y1, (bright * 0.95, bright, bright * 1.03))
    frame = tint(rng)
    rectangle(image, x0, y0, x1, y1, frame, int(rng.integers(1, 6)))
    bars = int(rng.integers(1, 4))
    for k in range(1, bars):
        x = x0 + (x1 - x0) * k / bars
        rectangle(image, x, y0, x + 0.01, y1, frame)
    if rng.random() < 0.3:
        for y in np.arange(y0, y1, 0.02):
            rectangle(image, x0, y, x1, y + 0.008, frame)


def shelf(rng: np.random.Generator, image: Array) -> None:
    """Rows of upright boxes, as books and files."""
    for row in range(int(rng.integers(1, 5))):
        base = 0.2 + 0.22 * row + rng.uniform(-0.05, 0.05)
        x, end = rng.uniform(-0.1, 0.4), rng.uniform(0.5, 1.1)
        while x < end:
            w, h = rng.uniform(0.01, 0.05), rng.uniform(0.08, 0.18)
            rectangle(image, x, base - h, x + w, base, tint(rng, 0.3))
            x += w
        rectangle(image, -0.1, base, 1.1, base + 0.015, tint(rng))


def table(rng: np.random.Generator, image: Array) -> None:
    """A table with a round top seen from above: pale, and about as large as a head."""
    h, w = image.shape[:2]
    x, y = rng.uniform(0.1, 0.9) * w, rng.uniform(0.4, 0.9) * h
    radius = rng.uniform(0.05, 0.25) * w
    leg = tint(rng, 0.2)
    foot = y + radius * rng.uniform(1, 3)
    cv2.line(image, (int(x), int(y)), (int(x), int(foot)), leg, max(1, int(radius * 0.12)))
    for dx in (-0.6, 0.6):
        cv2.line(image, (int(x), int(foot - 0.2 * radius)), (int(x + dx * radius), int(foot)), leg,
                 max(1, int(radius * 0.1)), cv2.LINE_AA)  # fmt: skip
    axes = (int(radius) + 1, int(radius * rng.uniform(0.2, 0.6)) + 1)
    cv2.ellipse(image, (int(x), int(y)), axes, 0, 0, 360, wall_tint(rng), -1, cv2.LINE_AA)


def ceiling(rng: np.random.Generator, image: Array) -> None:
    """A ceiling with glowing lamps."""
    h, w = image.shape[:2]
    level, slant = rng.uniform(0.03, 0.25), rng.normal(0, 0.06)
    _quad(image, [(0, -0.3), (1, -0.3), (1, level + slant), (0, level)], wall_tint(rng))
    for _ in range(int(rng.integers(0, 4))):
        x, y = rng.uniform(0, 1) * w, rng.uniform(0, level) * h
        axes = (int(rng.uniform(0.02, 0.12) * w) + 1, int(rng.uniform(0.008, 0.03) * h) + 1)
        cv2.ellipse(image, (int(x), int(y)), axes, 0, 0, 360, (1.2, 1.2, 1.15), -1, cv2.LINE_AA)


def furniture(rng: np.random.Generator, image: Array) -> None:
    """Chairs and desks at the lower edge: rounded dark shapes."""
    h, w = image.shape[:2]
    for _ in range(int(rng.integers(1, 4))):
        x, y = rng.uniform(0, 1) * w, rng.uniform(0.6, 1.0) * h
        size = rng.uniform(0.06, 0.2) * w
        colour = tuple(float(v) * 0.4 for v in tint(rng, 0.3))
        cv2.ellipse(image, (int(x), int(y)), (int(size), int(size * rng.uniform(0.6, 1.4))), 0, 0,
                    360, colour, -1, cv2.LINE_AA)  # fmt: skip
        cv2.rectangle(image, (int(x - size), int(y)), (int(x + size), h), colour, -1)
    image *= 1 + 0.01 * fractal(rng, h, w, 0.8, 16)[..., None]
