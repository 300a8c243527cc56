"""Things in front of faces: hands, mugs, phones, bars, papers."""

from __future__ import annotations

import cv2
import numpy as np

from edgereg_training.render.geometry import Array
from edgereg_training.render.identity import Identity
from edgereg_training.render.materials import NECK, TOP

_SUB = 8  # sub-pixel places, in the power-of-two form of cv2's `shift` (3 bits)


def draw_occluder(rng: np.random.Generator, canvas: Array, box: Array, identity: Identity) -> Array:
    """Draw one thing before the head in `box` onto a linear canvas; returns its mask bool [H,W]."""
    height, width = canvas.shape[:2]
    side = float(max(box[2] - box[0], box[3] - box[1]))
    angle = rng.uniform(0, 2 * np.pi)
    # Towards the rim of the head more often than its middle: most of the face stays visible.
    reach = rng.uniform(0.25, 0.6) * side
    centre = (box[:2] + box[2:]) / 2 + reach * np.array([np.cos(angle), 0.3 + np.sin(angle)])
    cover = np.zeros((height, width), np.float32)
    kind = rng.choice(4, p=[0.45, 0.2, 0.2, 0.15])
    if kind == 0:
        hand(rng, cover, centre, side)
        colour = identity.palette[NECK] * rng.uniform(0.4, 1.0)
    elif kind == 1:
        _bar(rng, cover, centre, side)
        colour = np.square(rng.uniform(0.03, 0.9) * np.ones(3) * (1 + rng.normal(0, 0.1, 3)))
    elif kind == 2:
        _box(rng, cover, centre, side)
        colour = np.square(np.clip(rng.uniform(0, 1, 3) * rng.uniform(0.2, 1), 0, 1))
    else:
        _blob(rng, cover, centre, side)
        colour = identity.palette[TOP] if rng.random() < 0.5 else np.square(rng.uniform(0, 1, 3))
    lay(rng, canvas, cover, colour, side)
    return cover > 0.5


def _point(p: Array) -> tuple[int, int]:
    return round(float(p[0]) * _SUB), round(float(p[1]) * _SUB)


def _capsule(cover: Array, a: Array, b: Array, radius: float) -> None:
    direction = (b - a) / (np.linalg.norm(b - a) + 1e-6)
    normal = np.array([-direction[1], direction[0]]) * radius
    corners = np.array([_point(p) for p in (a + normal, b + normal, b - normal, a - normal)])
    cv2.fillConvexPoly(cover, corners.astype(np.int32), 1.0, cv2.LINE_8, 3)
    for end in (a, b):
        cv2.circle(cover, _point(end), int(radius * _SUB), 1.0, -1, cv2.LINE_8, 3)


def hand(rng: np.random.Generator, cover: Array, centre: Array, side: float) -> None:
    """A palm with fingers and a forearm."""
    up = rng.normal(-np.pi / 2, 0.8)
    along = np.array([np.cos(up), np.sin(up)])
    across = np.array([-along[1], along[0]])
    palm = 0.17 * side * rng.uniform(0.8, 1.15)
    _capsule(cover, centre, centre + along * palm * 0.5, palm)
    _capsule(cover, centre, centre - along * side * 1.5, palm * 0.75)
    for k in range(4):
        root = centre + along * palm * 1.1 + across * palm * (k - 1.5) * 0.5
        spread = along + across * (k - 1.5) * rng.uniform(0, 0.15)
        _capsule(cover, root, root + spread * palm * rng.uniform(0.6, 1.6), palm * 0.24)
    thumb = centre + across * palm * (1.0 if rng.random() < 0.5 else -1.0)
    _capsule(cover, thumb, thumb + (thumb - centre) * 0.6 + along * palm * 0.5, palm * 0.25)


def _bar(rng: np.random.Generator, cover: Array, centre: Array, side: float) -> None:
    angle = rng.uniform(0, np.pi)
    reach = np.array([np.cos(angle), np.sin(angle)]) * side * 2
    _capsule(cover, centre - reach, centre + reach, side * rng.uniform(0.02, 0.12))


def _box(rng: np.random.Generator, cover: Array, centre: Array, side: float) -> None:
    size = (side * rng.uniform(0.15, 0.5), side * rng.uniform(0.25, 0.7))
    corners = cv2.boxPoints(((float(centre[0]), float(centre[1])), size, rng.normal(0, 20)))
    points = np.array([_point(p) for p in corners], np.int32)
    cv2.fillConvexPoly(cover, points, 1.0, cv2.LINE_8, 3)


def _blob(rng: np.random.Generator, cover: Array, centre: Array, side: float) -> None:
    axes = (int(side * rng.uniform(0.1, 0.3) * _SUB), int(side * rng.uniform(0.1, 0.35) * _SUB))
    cv2.ellipse(cover, _point(centre), axes, rng.uniform(0, 180), 0, 360, 1.0, -1, cv2.LINE_8, 3)


def lay(rng: np.random.Generator, canvas: Array, cover: Array, colour: Array, side: float) -> None:
    """Blend a shaded, soft-edged shape into the canvas."""
    # Distance from the rim rounds the shape off: darker rims look like turning surfaces.
    depth = cv2.GaussianBlur(cover, (0, 0), max(0.5, 0.04 * side))
    shade = (0.35 + 0.65 * depth) * np.float32(rng.uniform(0.5, 1.1))
    alpha = cv2.GaussianBlur(cover, (0, 0), 0.5)[..., None]
    paint = shade[..., None] * np.asarray(colour, np.float32)
    canvas *= 1 - alpha
    canvas += alpha * paint
