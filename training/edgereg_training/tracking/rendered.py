"""Rendered sequences on disk, in the layout of GOT-10k.

Every fifth photograph and every fifth person is kept for validation, so that its objects are
unseen. A folder that was begun is completed; a sequence depends on the seed and its number alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from edgereg.core.arrays import Image
from edgereg_training.detection.backdrops import random_backdrop
from edgereg_training.loop.errors import TrainingError
from edgereg_training.tracking.datasets import PICTURES
from edgereg_training.tracking.scenes import Shot, random_scene, shoot
from edgereg_training.tracking.sprites import Material, random_sprite

# Every so many files or people are of the validation split.
KEPT = 5
LONGEST_SIDE = 640
# Drawn pictures, where there are no photographs.
BACKDROPS = 60
# A sequence begins where the followed object shows this much of itself.
VISIBLE_FIRST = 0.9


@dataclass(frozen=True)
class MotionOptions:
    """photographs, portraits: folders of pictures (portraits: a person before a plain wall, named
    `PERSON_...`); without photographs, drawn pictures of roads and rooms take their place.
    sequences of `frames` frames each, `stride` frames of time apart; sprites: how many objects are
    cut beforehand. most: pictures read of a folder.
    """

    out: Path
    photographs: tuple[Path, ...] = ()
    portraits: tuple[Path, ...] = ()
    sequences: int = 1000
    frames: int = 4
    stride: int = 15
    width: int = 480
    height: int = 270
    sprites: int = 1000
    most: int = 400
    split: Literal["train", "val"] = "train"
    seed: int = 0


def write_sequences(options: MotionOptions, report: Callable[[int, int], None]) -> Path:
    """Write the sequences, and `list.txt` last. Raises TrainingError where the folders of
    photographs hold none."""
    missing = [n for n in range(options.sequences) if not _labels(options, n).is_file()]
    if missing:
        rng = np.random.default_rng([options.seed, options.split == "val"])
        photographs = _read(options.photographs, options)
        if options.photographs and not photographs:
            raise TrainingError(f"no pictures in {', '.join(map(str, options.photographs))}")
        if not photographs:
            photographs = [random_backdrop(480, 360, rng) for _ in range(BACKDROPS)]
        material = Material(photographs, _read(options.portraits, options))
        sprites = [random_sprite(material, rng) for _ in range(options.sprites)]
        for done, number in enumerate(missing):
            report(options.sequences - len(missing) + done, options.sequences)
            _write_sequence(options, number, sprites, photographs)
    names = (_labels(options, number).parent.name for number in range(options.sequences))
    (options.out / "list.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
    return options.out


def _labels(options: MotionOptions, number: int) -> Path:
    return options.out / f"rendered-{number:06d}" / "groundtruth.txt"


def _read(folders: tuple[Path, ...], options: MotionOptions) -> list[Image]:
    """The split's pictures, RGB, longer side at most LONGEST_SIDE."""
    images = []
    for folder in folders:
        files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURES)
        # A person's pictures, `012_03.jpg` and others, are all of one split.
        groups = sorted({path.stem.split("_")[0] for path in files})
        kept = {name for index, name in enumerate(groups) if index % KEPT == KEPT - 1}
        wanted = options.split == "val"
        files = [path for path in files if (path.stem.split("_")[0] in kept) == wanted]
        step = max(1, len(files) // options.most)
        for path in files[::step][: options.most]:
            image = cv2.imread(str(path), cv2.IMREAD_COLOR)
            if image is None or min(image.shape[:2]) < 32:
                continue
            zoom = min(1.0, LONGEST_SIDE / max(image.shape[:2]))
            small = cv2.resize(image, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
            images.append(np.ascontiguousarray(small[..., ::-1], np.uint8))
    return images


def _write_sequence(
    options: MotionOptions, number: int, sprites: list[Image], backgrounds: list[Image]
) -> None:
    """One folder; its labels come last, so that what has labels is whole."""
    rng = np.random.default_rng([options.seed, options.split == "val", number])
    shots = _good_shots(options, sprites, backgrounds, rng)
    labels = _labels(options, number)
    labels.parent.mkdir(parents=True, exist_ok=True)
    boxes, covers = [], []
    for index, shot in enumerate(shots):
        file = labels.parent / f"{index + 1:08d}.jpg"
        cv2.imwrite(str(file), shot.image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
        x1, y1, x2, y2 = shot.box
        boxes.append(f"{x1:.1f},{y1:.1f},{x2 - x1:.1f},{y2 - y1:.1f}")
        # As GOT-10k has it: eighths of the object that show, 8 for all of it.
        covers.append(str(round(8 * shot.visible) if shot.visible > 0 else 0))
    (labels.parent / "cover.label").write_text("\n".join(covers) + "\n", encoding="utf-8")
    (labels.parent / "absence.label").write_text("0\n" * len(shots), encoding="utf-8")
    labels.write_text("\n".join(boxes) + "\n", encoding="utf-8")


def _good_shots(
    options: MotionOptions,
    sprites: list[Image],
    backgrounds: list[Image],
    rng: np.random.Generator,
) -> list[Shot]:
    """Shots of a scene whose followed object is well seen at first, and most of the time."""
    while True:
        scene = random_scene(sprites, backgrounds, (options.width, options.height), rng)
        if shoot(scene, 0, rng).visible < VISIBLE_FIRST:
            continue
        shots = [shoot(scene, index * options.stride, rng) for index in range(options.frames)]
        if np.mean([shot.visible > 0.3 for shot in shots]) > 0.8:
            return shots
