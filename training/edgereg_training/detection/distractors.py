"""Things that are no heads but look a little like one, drawn into training pictures.

Hands, fists, face prints on clothes, bright discs and cars made detectors fire on real footage;
here they are drawn in code. They are drawn beside heads, or over a small part of one.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from edgereg.core.arrays import Image
from edgereg.core.geometry import box_iou
from edgereg_training.detection.drawing import (
    ellipse,
    flat,
    line,
    rectangle,
    rgb,
    shaded,
    skin_tone,
)
from edgereg_training.detection.hands import draw_hand
from edgereg_training.detection.scene import Scene

# A head of which more is covered by a distractor is ignored.
MOST_COVERED = 0.4

Draw = Callable[[Image, np.ndarray, float, np.random.Generator], None]


def add_distractors(scene: Scene, rng: np.random.Generator, most: int = 4) -> Scene:
    """The scene with 0 to `most` distractors; a head that they cover largely is ignored."""
    image = scene.image.copy()
    size = min(image.shape[:2])
    for _ in range(int(rng.integers(0, most + 1))):
        draw, over_heads = _KINDS[int(rng.integers(len(_KINDS)))]
        radius = float(np.exp(rng.uniform(np.log(size * 0.02), np.log(size * 0.22))))
        spot = _spot(scene, radius, over_heads, rng)
        if spot is not None:
            draw(*_window(image, *spot), spot[1], rng)
    covered = [_changed(scene.image, image, box) > MOST_COVERED for box in scene.boxes]
    return Scene(image, scene.boxes, scene.ignored | np.array(covered, bool))


def _changed(before: Image, after: Image, box: np.ndarray) -> float:
    """Share of a box's pixels that differ."""
    x1, y1, x2, y2 = (max(0, round(float(v))) for v in box)
    difference = before[y1:y2, x1:x2] != after[y1:y2, x1:x2]
    return float(difference.any(axis=2).mean()) if difference.size else 0.0


def _spot(
    scene: Scene, radius: float, over_heads: bool, rng: np.random.Generator
) -> tuple[np.ndarray, float] | None:
    """Centre (x, y) and radius of a place: off all heads or, for hands, low on a head."""
    if over_heads and len(scene.boxes) and rng.random() < 0.5:
        box = scene.boxes[rng.integers(len(scene.boxes))]
        side = box[2:] - box[:2]
        radius = float(side.mean() * rng.uniform(0.2, 0.34))
        return box[:2] + side * (rng.uniform(-0.1, 1.1), rng.uniform(0.85, 1.25)), radius
    height, width = scene.image.shape[:2]
    for _ in range(6):
        centre = rng.uniform(0, 1, 2) * (width, height)
        own = np.array([[*(centre - radius), *(centre + radius)]])
        if not len(scene.boxes) or box_iou(own, scene.boxes).max() < 0.01:
            return centre, radius
    return None


def _window(image: Image, centre: np.ndarray, radius: float) -> tuple[Image, np.ndarray]:
    """The part of the picture that a drawing can reach, and the centre in it."""
    low = np.maximum(centre - 4.5 * radius, 0).astype(int)
    high = np.minimum(centre + 4.5 * radius + 1, image.shape[1::-1]).astype(int)
    return image[low[1] : high[1], low[0] : high[0]], centre - low


def face_print(image: Image, centre: np.ndarray, radius: float, rng: np.random.Generator) -> None:
    """A flat print of a face or skull in two colours, as on a shirt."""
    light, dark = rng.uniform(150, 255), rng.uniform(0, 70)
    if rng.random() < 0.3:
        light, dark = dark, light
    tint = rng.uniform(0.85, 1.0, 3)
    if rng.random() < 0.8:
        cloth = np.zeros(image.shape[:2], np.uint8)
        ellipse(cloth, centre, (radius * 1.7, radius * 1.9), 0)
        shaded(image, cloth, dark * tint, rng)
    skull = np.zeros(image.shape[:2], np.uint8)
    ellipse(skull, centre, (radius * rng.uniform(0.7, 1.0), radius), 0)
    flat(image, skull, light * tint)
    holes = np.zeros(image.shape[:2], np.uint8)
    apart, high = rng.uniform(0.3, 0.45) * radius, rng.uniform(0.05, 0.3) * radius
    for sign in (-1, 1):
        eye = centre + np.array([sign * apart, -high])
        ellipse(holes, eye, radius * rng.uniform(0.1, 0.3, 2), float(rng.uniform(-30, 30)))
    ellipse(holes, centre + np.array([0, 0.2 * radius]), radius * rng.uniform(0.06, 0.15, 2), 0)
    for step in np.linspace(-0.4, 0.4, int(rng.integers(1, 7))):
        top = centre + np.array([step * radius, 0.5 * radius])
        line(holes, top, top + np.array([0, rng.uniform(0.05, 0.3) * radius]), radius * 0.08)
    flat(image, holes, dark * tint)


def disc(image: Image, centre: np.ndarray, radius: float, rng: np.random.Generator) -> None:
    """A plain ellipse, shaded or flat: a table top, a lamp, a ball, a plate."""
    mask = np.zeros(image.shape[:2], np.uint8)
    ellipse(mask, centre, (radius, radius * rng.uniform(0.2, 1.2)), float(rng.uniform(0, 180)))
    colour = rng.choice([skin_tone(rng), rng.uniform(0, 255, 3), np.full(3, rng.uniform(200, 255))])
    (shaded if rng.random() < 0.6 else _plain)(image, mask, colour, rng)


def car(image: Image, centre: np.ndarray, radius: float, rng: np.random.Generator) -> None:
    """A car seen from behind: body, dark window, lamps, wheels and shadow."""
    body = rng.uniform(0, 255, 3) if rng.random() < 0.5 else np.full(3, rng.uniform(10, 240))
    x, y = centre
    w, h = radius, radius * rng.uniform(0.55, 0.8)
    rectangle(image, x - w, y + 0.5 * h, x + w, y + h, np.full(3, 20.0))
    rectangle(image, x - w, y - 0.2 * h, x + w, y + 0.7 * h, body)
    roof = np.array(
        [
            [x - 0.9 * w, y - 0.2 * h],
            [x - 0.6 * w, y - h],
            [x + 0.6 * w, y - h],
            [x + 0.9 * w, y - 0.2 * h],
        ]
    )
    cv2.fillConvexPoly(image, roof.astype(np.int32), rgb(body * 0.9), cv2.LINE_AA)
    window = np.array([x, y - 0.55 * h]) + (roof - [x, y - 0.55 * h]) * 0.8
    cv2.fillConvexPoly(image, window.astype(np.int32), rgb(rng.uniform(20, 90, 3)), cv2.LINE_AA)
    for sign in (-1, 1):
        lamp = (x + sign * 0.8 * w, y + 0.05 * h)
        rectangle(
            image,
            lamp[0] - 0.14 * w,
            lamp[1],
            lamp[0] + 0.14 * w,
            lamp[1] + 0.25 * h,
            np.array([200.0, 30, 30]) * rng.uniform(0.5, 1.2),
        )


def panel(image: Image, centre: np.ndarray, radius: float, rng: np.random.Generator) -> None:
    """A rectangle with a frame and a few bars or letters: a screen, badge, poster, window."""
    w, h = radius * rng.uniform(0.3, 2.0, 2)
    x, y = centre
    rectangle(image, x - w, y - h, x + w, y + h, rng.uniform(0, 255, 3))
    rectangle(image, x - 0.85 * w, y - 0.85 * h, x + 0.85 * w, y + 0.85 * h, rng.uniform(0, 255, 3))
    for _ in range(int(rng.integers(0, 5))):
        a = centre + rng.uniform(-0.8, 0.5, 2) * (w, h)
        b = a + rng.uniform(0.05, 0.4, 2) * (w, h)
        rectangle(image, a[0], a[1], b[0], b[1], rng.uniform(0, 255, 3))


def _blob(image: Image, centre: np.ndarray, radius: float, rng: np.random.Generator) -> None:
    """A rounded or ragged shape, smooth or textured, often dark: a chair, a bag, a bush."""
    angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    power = rng.uniform(0.35, 1.3)  # from nearly a rectangle to an ellipse
    x = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** power
    y = np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** power
    ragged = rng.uniform(0, 0.25) if rng.random() < 0.5 else 0.0
    wave = 1 + ragged * rng.standard_normal(len(angle)) + rng.uniform(0, 0.2) * np.cos(3 * angle)
    stretch = rng.uniform(0.5, 1.6)
    outline = np.stack([x * stretch, y], axis=1) * (radius * wave)[:, None] + centre
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(mask, [outline.astype(np.int32)], 255, cv2.LINE_AA)
    colour = rng.choice(
        [
            rng.uniform(5, 70, 3),
            np.full(3, rng.uniform(5, 90)),
            skin_tone(rng),
            rng.uniform(0, 255, 3),
            rng.uniform(20, 110) * np.array([0.8, 1, 0.5]),
        ]
    )
    shaded(image, mask, colour, rng)
    if rng.random() < 0.5:
        grain = rng.standard_normal((24, 24)).astype(np.float32) * np.float32(rng.uniform(5, 30))
        height, width = image.shape[:2]
        texture = cv2.resize(grain, (width, height), interpolation=cv2.INTER_CUBIC)[..., None]
        textured = np.clip(image + texture, 0, 255).astype(np.uint8)
        image[mask > 127] = textured[mask > 127]


def _plain(image: Image, mask: np.ndarray, colour: np.ndarray, rng: np.random.Generator) -> None:
    flat(image, mask, colour)


# (what draws it, whether it may cover part of a head)
_KINDS: tuple[tuple[Draw, bool], ...] = (
    (draw_hand, True),
    (draw_hand, True),
    (draw_hand, True),
    (face_print, False),
    (disc, False),
    (car, False),
    (panel, False),
    (_blob, False),
    (_blob, False),
)
