"""What people wear or hold before their faces, drawn onto a cut-out person."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import Image
from edgereg_training.detection.drawing import skin_tone
from edgereg_training.detection.scene import Boxes

Points = npt.NDArray[np.float64]


def wear_something(
    cutout: Image, box: Boxes, facing: int, rng: np.random.Generator
) -> tuple[Image, Boxes]:
    """The cut-out (RGBA) with one thing more, and the head's box, which grows with headwear.

    box: float32 [4]. facing: where the nose points, -1 left, 1 right, 0 to the camera.
    """
    draw = _KINDS[int(rng.integers(len(_KINDS)))]
    worn = cutout.copy()
    grown = draw(worn, box.astype(np.float64), facing, rng)
    return worn, grown.astype(np.float32)


def _fill(image: Image, box: Points, shape: Points, colour: Points) -> None:
    """A polygon in units of the head's box, opaque, shaded from above."""
    points = box[:2] + shape * (box[2:] - box[:2])
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(points * 16).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    low, high = points[:, 1].min(), points[:, 1].max()
    rows = np.arange(image.shape[0])[:, None, None]
    light = 1.15 - 0.4 * np.clip((rows - low) / max(high - low, 1), 0, 1)
    share = mask[..., None] / 255.0
    image[..., :3] = image[..., :3] * (1 - share) + np.clip(colour * light, 0, 255) * share
    image[..., 3] = np.maximum(image[..., 3], mask)


def _colour(rng: np.random.Generator) -> Points:
    grey = np.full(3, rng.uniform(10, 245))
    return rng.uniform(0, 255, 3) if rng.random() < 0.5 else grey * np.exp(rng.normal(0, 0.06, 3))


def _arc(
    centre: tuple[float, float], radii: tuple[float, float], start: float, end: float
) -> Points:
    angles = np.radians(np.linspace(start, end, 24))
    return np.stack(
        [centre[0] + radii[0] * np.cos(angles), centre[1] + radii[1] * np.sin(angles)], 1
    )


def _mask(image: Image, box: Points, facing: int, rng: np.random.Generator) -> Points:
    """A mask over nose, mouth and chin."""
    top = rng.uniform(0.55, 0.66)
    middle = 0.5 + 0.24 * facing
    wide = rng.uniform(0.26, 0.36)
    left, right = middle - wide * (1 + 0.2 * facing), middle + wide * (1 - 0.2 * facing)
    shape = np.array(
        [
            [left, top + 0.06],
            [middle + 0.1 * facing, top],
            [right, top + 0.06],
            [right - 0.05, 0.93],
            [middle, 1.03],
            [left + 0.05, 0.93],
        ]
    )
    pale = np.array([170, 205, 225]) if rng.random() < 0.4 else np.full(3, rng.uniform(190, 245))
    _fill(image, box, shape, pale if rng.random() < 0.6 else _colour(rng))
    return box


def _hat(image: Image, box: Points, facing: int, rng: np.random.Generator) -> Points:
    """A cap, woollen hat or helmet, with or without a brim."""
    brow, crown = rng.uniform(0.2, 0.36), rng.uniform(0.02, 0.16)
    wide = rng.uniform(0.48, 0.56)
    colour = _colour(rng)
    dome = _arc((0.5, brow), (wide, brow + crown), 180, 360)
    _fill(image, box, dome, colour)
    if rng.random() < 0.6:
        band = np.array(
            [
                [0.5 - wide, brow - 0.07],
                [0.5 + wide, brow - 0.07],
                [0.5 + wide, brow + 0.02],
                [0.5 - wide, brow + 0.02],
            ]
        )
        _fill(image, box, band, _colour(rng) if rng.random() < 0.5 else colour * 0.8)
    if rng.random() < 0.6:
        reach = rng.uniform(0.15, 0.4)
        brim = _arc(
            (0.5 + 0.4 * facing, brow),
            (wide * (0.9 if facing else 1) + reach * abs(facing), 0.07),
            0,
            360,
        )
        _fill(image, box, brim, colour * rng.uniform(0.6, 1))
    grown = box.copy()
    grown[1] -= crown * (box[3] - box[1])
    grown[[0, 2]] += np.array([-1, 1]) * max(0.0, wide - 0.5) * (box[2] - box[0])
    return grown


def _hood(image: Image, box: Points, facing: int, rng: np.random.Generator) -> Points:
    """A hood or headscarf: cloth round the face, down to the shoulders."""
    around, over = rng.uniform(0.5, 0.6), rng.uniform(0.53, 0.6)
    outer = np.concatenate(
        [
            _arc((0.5, 0.5), (around, over), 180, 360),
            [[0.5 + around * 1.15, 1.25], [0.5 - around * 1.15, 1.25]],
        ]
    )
    inner = _arc(
        (0.5 + 0.2 * facing, 0.58), (rng.uniform(0.3, 0.38), rng.uniform(0.4, 0.46)), 0, 360
    )
    kept = image.copy()
    _fill(image, box, outer, _colour(rng))
    hole = np.zeros(image.shape[:2], np.uint8)
    points = box[:2] + inner * (box[2:] - box[:2])
    cv2.fillPoly(hole, [np.round(points * 16).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    share = hole[..., None] / 255.0 * (kept[..., 3:] > 0)
    image[:] = image * (1 - share) + kept * share
    size = np.tile(box[2:] - box[:2], 2)
    return box + np.array([0.5 - around, 0.5 - over, around - 0.5, 0]) * size


def _scarf(image: Image, box: Points, facing: int, rng: np.random.Generator) -> Points:
    """A scarf round the neck, up to the chin or over the mouth."""
    top = rng.uniform(0.74, 0.98)
    shape = np.array(
        [
            [0.02, top + 0.05],
            [0.5, top - 0.03 * rng.random()],
            [0.98, top + 0.05],
            [1.1, 1.25],
            [0.5, 1.35],
            [-0.1, 1.25],
        ]
    )
    _fill(image, box, shape, _colour(rng))
    return box


def _glasses(image: Image, box: Points, facing: int, rng: np.random.Generator) -> Points:
    """Dark glasses."""
    y, half = rng.uniform(0.45, 0.52), rng.uniform(0.1, 0.15)
    colour = np.full(3, rng.uniform(5, 70))
    for side in (-1, 1):
        squeeze = 1.0 if not facing or side == facing else 0.6
        middle = (0.5 + 0.27 * facing + 0.19 * side * squeeze, y)
        _fill(
            image, box, _arc(middle, (half * squeeze, half * rng.uniform(0.7, 1)), 0, 360), colour
        )
    bar = np.array([[0.3, y - 0.04], [0.7, y - 0.04], [0.7, y - 0.01], [0.3, y - 0.01]])
    _fill(image, box, bar + np.array([0.27 * facing, 0]), colour)
    return box


def _held(image: Image, box: Points, facing: int, rng: np.random.Generator) -> Points:
    """A hand, with or without a telephone, at the chin, cheek or ear."""
    x, y = rng.uniform(-0.05, 1.05), rng.uniform(0.45, 1.1)
    turn = rng.uniform(-0.6, 0.6)
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    palm = _arc((0, 0), (0.14, 0.2), 0, 360) @ spin.T + np.array([x, y])
    arm = np.array([[-0.09, 0.1], [0.09, 0.1], [0.12, 1.2], [-0.12, 1.2]]) @ spin.T + np.array(
        [x, y]
    )
    skin = np.asarray(skin_tone(rng), np.float64)[:3]
    _fill(image, box, arm, _colour(rng) if rng.random() < 0.6 else skin)
    if rng.random() < 0.4:
        slab = np.array([[-0.11, -0.3], [0.11, -0.3], [0.11, 0.15], [-0.11, 0.15]]) @ spin.T
        _fill(image, box, slab + np.array([x, y]), np.full(3, rng.uniform(5, 60)))
    _fill(image, box, palm, skin * rng.uniform(0.8, 1.05))
    for finger in np.linspace(-0.1, 0.1, 4):
        shape = _arc((finger, -0.18), (0.03, rng.uniform(0.08, 0.14)), 0, 360) @ spin.T
        _fill(image, box, shape + np.array([x, y]), skin * rng.uniform(0.85, 1.1))
    return box


_KINDS: tuple[Callable[[Image, Points, int, np.random.Generator], Points], ...] = (
    _mask,
    _mask,
    _hat,
    _hat,
    _hat,
    _hood,
    _scarf,
    _glasses,
    _held,
)
