"""Annotated pictures in memory at the size of training, and their augmentation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import FloatArray, Image
from edgereg_training.data.dataset import Sample
from edgereg_training.detection.objects.annotations import Annotated

# A box of which less than this is left after a crop is no longer to be found.
LEAST_LEFT = 0.4


@dataclass(frozen=True)
class Picture:
    """image: uint8 [H, W, 3]; boxes: float32 [G, 4] px; classes: int64 [G]."""

    image: Image
    boxes: FloatArray
    classes: npt.NDArray[np.int64]


class Batch(NamedTuple):
    """images: uint8 [B, H, W, 3], sides multiples of 32; boxes, classes: of each picture."""

    images: Image
    boxes: tuple[FloatArray, ...]
    classes: tuple[npt.NDArray[np.int64], ...]


def load_pictures(annotated: Annotated, long_side: int) -> list[Picture]:
    """All pictures, scaled so that their longer side is at most `long_side`."""
    return [scaled(sample, long_side) for sample in annotated.samples]


def scaled(sample: Sample, long_side: int) -> Picture:
    """One picture, see `load_pictures`."""
    image = sample.read()
    zoom = min(1.0, long_side / max(image.shape[:2]))
    if zoom < 1:
        height, width = (max(1, round(side * zoom)) for side in image.shape[:2])
        factor = np.array([width, height] * 2) / np.array([image.shape[1], image.shape[0]] * 2)
        image = np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA))
    else:
        factor = np.ones(4)
    boxes = (sample.labels["boxes"] * factor).astype(np.float32)
    return Picture(np.asarray(image, np.uint8), boxes, sample.labels["classes"])


def augmented(picture: Picture, upside_down: bool, rng: np.random.Generator) -> Picture:
    """Zoomed by up to a third about a random place, mirrored, relit; `upside_down`: also turned
    over, where pictures have no up."""
    height, width = picture.image.shape[:2]
    zoom = float(np.exp(rng.uniform(-0.3, 0.3)))
    free = np.array([width, height]) * (1 - zoom)
    shift = free * rng.random(2)
    matrix = np.array([[zoom, 0, shift[0]], [0, zoom, shift[1]]])
    image = cv2.warpAffine(picture.image, matrix, (width, height), flags=cv2.INTER_LINEAR,
                           borderMode=cv2.BORDER_CONSTANT, borderValue=(114, 114, 114))  # fmt: skip
    boxes = picture.boxes * zoom + np.tile(shift, 2)
    for axis, flipped in ((0, rng.random() < 0.5), (1, upside_down and rng.random() < 0.5)):
        if flipped:
            image = image[:, ::-1] if axis == 0 else image[::-1]
            side = (width, height)[axis]
            boxes[:, [axis, axis + 2]] = side - boxes[:, [axis + 2, axis]]
    gain = np.exp(rng.normal(0, 0.15) + rng.normal(0, 0.05, 3))
    lit = np.clip(image * gain + rng.uniform(-15, 15), 0, 255).astype(np.uint8)
    inside, kept = _within(boxes, width, height)
    return Picture(lit, inside[kept], picture.classes[kept])


def _within(
    boxes: npt.NDArray[np.floating], width: int, height: int
) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Boxes cut off at the border, and which of them are still to be found."""
    limits = np.array([width, height, width, height])
    inside = np.clip(boxes, 0, limits).astype(np.float32)
    left = (inside[:, 2:] - inside[:, :2]).prod(1)
    before = np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(1), 1e-6)
    wide = (inside[:, 2:] - inside[:, :2]).min(1, initial=np.inf) >= 1
    return inside, (left / before >= LEAST_LEFT) & wide


def collate(pictures: Sequence[Picture]) -> Batch:
    """Pictures one beside another, grey to the right and below, sides multiples of 32."""
    height = max(picture.image.shape[0] for picture in pictures)
    width = max(picture.image.shape[1] for picture in pictures)
    shape = len(pictures), -(-height // 32) * 32, -(-width // 32) * 32, 3
    images = np.full(shape, 114, np.uint8)
    for place, picture in zip(images, pictures, strict=True):
        rows, columns = picture.image.shape[:2]
        place[:rows, :columns] = picture.image
    boxes = tuple(picture.boxes for picture in pictures)
    return Batch(images, boxes, tuple(picture.classes for picture in pictures))
