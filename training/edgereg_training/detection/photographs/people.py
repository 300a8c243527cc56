"""Cut-out people pasted into pictures of places, at any size and turn, alone or in crowds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import Image
from edgereg_training.detection.photographs.labels import read_labels
from edgereg_training.detection.photographs.turning import random_angle, similarity, turned_boxes
from edgereg_training.detection.photographs.worn import wear_something
from edgereg_training.detection.scene import Boxes, Scene

# A head of which others cover more is ignored; one of which they cover nearly all is gone.
HIDDEN, GONE = 0.6, 0.93
# Halved copies of a cut-out that are kept, so that small ones are averaged, not sampled.
LEVELS = 5


@dataclass(frozen=True)
class Cutout:
    """levels: the person as uint8 RGBA, whole, halved, quartered ...; box: float32 [4] of the
    head in the whole one. facing: where the nose points, -1 left, 1 right, 0 to the camera."""

    levels: tuple[Image, ...]
    box: Boxes
    facing: int


@dataclass(frozen=True)
class PeopleSettings:
    """smallest, largest: the head's height as a share of the picture's side, log-uniform. crowd:
    most people. worn: share that wears or holds something. turned: whether they are tilted."""

    smallest: float = 0.035
    largest: float = 1.2
    crowd: int = 10
    worn: float = 0.3
    turned: bool = True


def load_cutouts(labels: Path) -> list[Cutout]:
    """The people of a COCO JSON whose pictures are RGBA; files named ..left.. and ..right.. show
    people who look there."""
    return [
        Cutout(
            halved(picture.read().image),
            picture.boxes[0],
            int("right" in picture.path.stem) - int("left" in picture.path.stem),
        )
        for picture in read_labels(labels)
    ]


def halved(image: Image) -> tuple[Image, ...]:
    """The picture RGBA and its smaller copies; colours are averaged as far as they cover."""
    levels = [image]
    solid = image.astype(np.float32)
    solid[..., :3] *= solid[..., 3:] / 255
    for _ in range(LEVELS - 1):
        height, width = solid.shape[:2]
        smaller = cv2.resize(solid, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        solid = np.asarray(smaller, np.float32)
        colour = solid[..., :3] / np.maximum(solid[..., 3:] / 255, 1e-3)
        levels.append(
            np.concatenate([np.clip(colour, 0, 255), solid[..., 3:]], axis=2).astype(np.uint8)
        )
    return tuple(levels)


def paste_people(
    place: Image, cutouts: Sequence[Cutout], settings: PeopleSettings, rng: np.random.Generator
) -> Scene:
    """People in `place` (uint8 [S, S, 3]), the far before the near."""
    size = place.shape[0]
    low, high = np.log(settings.smallest), np.log(settings.largest)
    common = rng.uniform(low, high)
    most = int(min(settings.crowd, max(1, 0.5 / np.exp(common) ** 1.2)))
    count = int(rng.integers(1, most + 1)) if rng.random() < 0.6 else 1
    shares = np.exp(np.clip(common + rng.normal(0, 0.25, count), low, high))
    image = place.copy()
    boxes: list[Boxes] = []
    covered: list[float] = []
    outlines: list[npt.NDArray[np.bool_]] = []
    for share in np.sort(shares):
        person = cutouts[int(rng.integers(len(cutouts)))]
        box, solid = _paste(image, person, float(share) * size, settings, rng)
        for number, outline in enumerate(outlines):
            covered[number] = max(covered[number], float(solid[outline].mean()))
        head = _outline(box, size)
        if head.any():
            boxes.append(box)
            covered.append(0.0)
            outlines.append(head)
    kept = [k for k in range(len(boxes)) if covered[k] < GONE]
    found = np.array([boxes[k] for k in kept], np.float32).reshape(-1, 4)
    return Scene(image, found, np.array([covered[k] > HIDDEN for k in kept], bool))


def _paste(
    image: Image, person: Cutout, height: float, settings: PeopleSettings, rng: np.random.Generator
) -> tuple[Boxes, npt.NDArray[np.bool_]]:
    """Draws a person with a head of `height` pixels; returns its box and the pixels it covers."""
    size = image.shape[0]
    zoom = height / float(person.box[3] - person.box[1])
    level = int(np.clip(np.floor(-np.log2(zoom)), 0, len(person.levels) - 1))
    part, box = person.levels[level], person.box / 2**level
    facing = person.facing
    if rng.random() < settings.worn:
        part, box = wear_something(part, box, facing, rng)
    if rng.random() < 0.5:
        part = np.ascontiguousarray(part[:, ::-1])
        box = np.array([part.shape[1] - box[2], box[1], part.shape[1] - box[0], box[3]], np.float32)
    angle = random_angle(rng) if settings.turned else 0.0
    # A head larger than the picture is near its middle; a small one anywhere, cut by the border.
    spread = np.clip(0.5 - 0.35 * height / size, 0.12, 0.5)
    to = (0.5 + rng.uniform(-1.04, 1.04, 2) * spread) * size
    matrix = similarity((box[:2] + box[2:]) / 2, angle, zoom * 2**level, to)
    warp = matrix.copy()
    warp[:, 2] += matrix[:, :2].sum(axis=1) / 2 - 0.5
    drawn = np.asarray(cv2.warpAffine(part, warp, (size, size), flags=cv2.INTER_LINEAR), np.uint8)
    share = drawn[..., 3:].astype(np.float32) / 255
    toned = _tone(drawn[..., :3], rng)
    image[:] = (image * (1 - share) + toned * share).astype(np.uint8)
    return turned_boxes(box[None], matrix)[0], drawn[..., 3] > 127


def _tone(colours: Image, rng: np.random.Generator) -> Image:
    """The person's own light: gain, tint and gamma."""
    level = np.linspace(0, 1, 256)[:, None] ** np.exp(rng.uniform(-0.5, 0.5))
    level = level * np.exp(rng.normal(-0.1, 0.25) + rng.normal(0, 0.08, 3))
    table = np.clip(level * 255, 0, 255).astype(np.uint8).reshape(1, 256, 3)
    return np.asarray(cv2.LUT(colours, table), np.uint8)


def _outline(box: Boxes, size: int) -> npt.NDArray[np.bool_]:
    """The pixels of the ellipse in a box, as far as they are in the picture."""
    mask = np.zeros((size, size), np.uint8)
    centre, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) * 0.45
    middle = (int(centre[0]), int(centre[1]))
    cv2.ellipse(mask, middle, (int(half[0]) + 1, int(half[1]) + 1), 0, 0, 360, 1, -1)
    return mask.astype(bool)
