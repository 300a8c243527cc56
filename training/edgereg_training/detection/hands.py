"""Hands: palms with fingers, fists, on arms or sleeves."""

from __future__ import annotations

import numpy as np

from edgereg.core.arrays import Image
from edgereg_training.detection.drawing import direction, ellipse, line, shaded, skin_tone


def draw_hand(image: Image, centre: np.ndarray, radius: float, rng: np.random.Generator) -> None:
    """A palm with fingers spread or closed, or a fist, and a forearm or sleeve."""
    up = rng.uniform(-np.pi, 0) if rng.random() < 0.7 else rng.uniform(-np.pi, np.pi)
    fist = rng.random() < 0.5
    palm = (0.7 if fist else 0.45) * radius
    mask = np.zeros(image.shape[:2], np.uint8)
    ellipse(mask, centre, (palm * 1.15, palm * rng.uniform(0.75, 1.0)), float(np.degrees(up)))
    if not fist:
        fingers(mask, centre, radius, up, rng)
    arm = np.zeros_like(mask)
    elbow = centre - direction(up) * radius * 4 + rng.normal(0, 0.8, 2) * radius
    line(arm, centre - direction(up) * palm, elbow, radius * rng.uniform(0.6, 1.4))
    skin = skin_tone(rng)
    sleeve = np.full(3, rng.uniform(5, 70)) if rng.random() < 0.5 else rng.uniform(10, 240, 3)
    shaded(image, arm, skin if rng.random() < 0.25 else sleeve, rng)
    shaded(image, mask, skin, rng)
    if fist:
        folded(image, centre, palm, up, skin, rng)


def folded(
    image: Image,
    centre: np.ndarray,
    palm: float,
    up: float,
    skin: np.ndarray,
    rng: np.random.Generator,
) -> None:
    """Four folded fingers side by side, each round in the light, and the thumb across them."""
    along, across = direction(up), direction(up + np.pi / 2)
    if rng.random() < 0.5:
        along, across = across, along
    width, light = palm * rng.uniform(0.38, 0.5), rng.uniform(0.85, 1.15, 4)
    for gap, shade in zip((-0.6, -0.2, 0.2, 0.6), light, strict=True):
        finger = np.zeros(image.shape[:2], np.uint8)
        start = centre + across * gap * palm * 1.2 - along * palm * rng.uniform(0.1, 0.5)
        line(finger, start, start + along * palm * rng.uniform(0.7, 1.0), width)
        shaded(image, finger, skin * shade, rng)
    if rng.random() < 0.6:
        thumb = np.zeros(image.shape[:2], np.uint8)
        start = centre - across * palm * 0.7 - along * palm * 0.3
        line(thumb, start, start + across * palm * 1.2 + along * palm * 0.2, width)
        shaded(image, thumb, skin * rng.uniform(0.85, 1.1), rng)


def fingers(
    mask: np.ndarray, centre: np.ndarray, radius: float, up: float, rng: np.random.Generator
) -> None:
    """The fingers of a hand."""
    spread, reach = rng.uniform(0.15, 0.9), rng.uniform(0.1, 0.6) * radius
    palm, across = 0.45 * radius, direction(up + np.pi / 2)
    for finger in np.linspace(-0.5, 0.5, 4):
        start = centre + direction(up) * palm * 0.7 + across * finger * palm * 1.3
        end = start + direction(up + finger * spread) * reach * rng.uniform(0.8, 1.1)
        line(mask, start, end, radius * 0.16)
    if rng.random() < 0.7:
        thumb = up + rng.choice([-1, 1]) * rng.uniform(0.7, 1.3)
        line(mask, centre, centre + direction(thumb) * radius * 0.7, radius * 0.17)
