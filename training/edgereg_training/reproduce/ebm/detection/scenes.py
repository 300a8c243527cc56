"""Rendered scenes of people, vehicles and shapes, annotated as COCO is: what `ebm-detection`
stands on where no pictures are given.

People are rendered as for the detector of heads. Vehicles and shapes, drawn as for the tracker,
are laid over them, so that a box has an exact truth; what is hidden for the most part is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import FloatArray, Image
from edgereg.core.files import replace_file
from edgereg_training.detection.backdrops import random_backdrop
from edgereg_training.detection.objects.annotations import SPLITS, Split
from edgereg_training.detection.scene import Scene
from edgereg_training.detection.scenes import Judged, iter_scenes
from edgereg_training.render.shards import SceneShardOptions, write_scene_shards
from edgereg_training.tracking.sprites import Material, drawn_shape, drawn_vehicle

if TYPE_CHECKING:
    from edgereg_training.reproduce.context import Context

CLASSES = ("head", "shape", "vehicle")
WIDTH, HEIGHT = 256, 192
# Of a head, least share that is seen, of the picture it stands in; of a box, most that one thing
# laid over it may cover.
LEAST_SEEN, MOST_COVERED = 0.4, 0.25
# Vehicles and shapes of a picture, their longer side in px, and tries to find a place for each.
THINGS, SIDES, TRIES = (1, 4), (16.0, 88.0), 8
# Drawn pictures that vehicles have their cloth of.
BACKDROPS = 30


@dataclass(frozen=True)
class Counts:
    """Scenes rendered for each split; those with a head that is largely hidden are left out."""

    train: int
    val: int
    test: int


@dataclass(frozen=True, eq=False)
class Labelled:
    """image uint8 [H, W, 3]; boxes float32 [G, 4] px and classes int64 [G], numbers in CLASSES."""

    image: Image
    boxes: FloatArray
    classes: npt.NDArray[np.int64]


def rendered_scenes(context: Context, counts: Counts) -> Path:
    """The folder of annotated scenes: one list and one folder of pictures for each split, made
    where it is not there yet. No person is in two splits."""
    source = "stand-in" if context.assets is None else "makehuman"
    folder = context.data / f"objects-{source}-{WIDTH}-{counts.train}-{counts.val}-{counts.test}"
    for number, split in enumerate(SPLITS):
        if (folder / f"{split}.json").is_file():
            continue
        people = write_scene_shards(
            SceneShardOptions(
                out=context.data / f"people-{source}-{WIDTH}-{split}-{getattr(counts, split)}",
                count=getattr(counts, split), width=WIDTH, height=HEIGHT, seed=31 + number,
                split=split, assets=context.assets, shard_size=100, heads=4,
                head_size=(16.0, 104.0), empty=0.0,
            ),
            lambda d, n: context.progress(d, n, "render scenes"),
        )  # fmt: skip
        rng = np.random.default_rng([77, number])
        write_list(folder, split, _with_things(people, rng))
    return folder


def _with_things(people: Path, rng: np.random.Generator) -> Iterator[Labelled]:
    """The scenes in which every head is seen, with vehicles and shapes."""
    backdrops = [random_backdrop(WIDTH, HEIGHT, rng) for _ in range(BACKDROPS)]
    for scene in iter_scenes(people, Judged(visible=LEAST_SEEN)):
        if not scene.ignored.any():
            yield with_things(scene, Material(backdrops), rng)


def with_things(scene: Scene, material: Material, rng: np.random.Generator) -> Labelled:
    """A scene of heads with some vehicles and shapes laid over it."""
    image = scene.image.astype(np.float32)
    boxes, classes = [*scene.boxes], [CLASSES.index("head")] * len(scene.boxes)
    for _ in range(int(rng.integers(THINGS[0], THINGS[1] + 1))):
        name = "vehicle" if rng.random() < 0.5 else "shape"
        sprite = drawn_vehicle(material, rng) if name == "vehicle" else drawn_shape(rng)
        if sprite is None:
            continue
        thing = _turned(sprite, rng)
        for _ in range(TRIES):
            place = rng.uniform(0, 1, 2) * (WIDTH, HEIGHT) - np.array(thing.shape[1::-1]) / 2
            corner = np.floor(place).astype(int)
            box = _box(thing[..., 3], corner)
            if box is not None and all(_covered(old, box) <= MOST_COVERED for old in boxes):
                _lay(image, thing, corner)
                boxes.append(box)
                classes.append(CLASSES.index(name))
                break
    return Labelled(
        np.clip(image, 0, 255).astype(np.uint8),
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(classes, np.int64),
    )


def _turned(sprite: Image, rng: np.random.Generator) -> FloatArray:
    """A sprite scaled, turned, relit and a little blurred: float32 [h, w, 4], alpha in [0, 1]."""
    side = float(np.exp(rng.uniform(*np.log(SIDES))))
    zoom = side / max(sprite.shape[:2])
    size = (max(2, round(sprite.shape[1] * zoom)), max(2, round(sprite.shape[0] * zoom)))
    small = cv2.resize(sprite, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    angle = float(rng.normal(0, 12))
    turn = np.asarray(cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), angle, 1.0), np.float64)
    reach = np.ceil(np.abs(turn[:, :2]) @ size).astype(int) + 4
    turn[:, 2] += (reach - np.array(size)) / 2
    turned = cv2.warpAffine(small, turn, (int(reach[0]), int(reach[1])))
    turned[..., :3] *= np.exp(rng.normal(0, 0.15) + rng.normal(0, 0.05, 3)).astype(np.float32)
    turned = cv2.GaussianBlur(turned, (0, 0), float(rng.uniform(0.3, 1.2)))
    return np.asarray(turned / np.array([1, 1, 1, 255], np.float32), np.float32)


def _box(alpha: FloatArray, corner: npt.NDArray[np.int64]) -> FloatArray | None:
    """The box of what is solid, cut at the picture; None where a good part lies outside."""
    rows, columns = (np.flatnonzero((alpha > 0.5).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return None
    whole = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]) + np.tile(corner, 2)
    cut = np.clip(whole, 0, [WIDTH, HEIGHT] * 2)
    inside = np.prod(np.clip(cut[2:] - cut[:2], 0, None)) / np.prod(whole[2:] - whole[:2])
    return cut.astype(np.float32) if inside >= 1 - MOST_COVERED else None


def _covered(old: FloatArray, box: FloatArray) -> float:
    """Share of an older box that a new one covers."""
    size = np.clip(np.minimum(old[2:], box[2:]) - np.maximum(old[:2], box[:2]), 0, None)
    return float(np.prod(size) / max(float(np.prod(old[2:] - old[:2])), 1e-6))


def _lay(image: FloatArray, thing: FloatArray, corner: npt.NDArray[np.int64]) -> None:
    """Blend a thing into the picture at its upper left corner."""
    low = np.maximum(corner, 0)
    high = np.minimum(corner + thing.shape[1::-1], (WIDTH, HEIGHT))
    part = thing[low[1] - corner[1] : high[1] - corner[1], low[0] - corner[0] : high[0] - corner[0]]
    spot = image[low[1] : high[1], low[0] : high[0]]
    spot += part[..., 3:] * (part[..., :3] - spot)


def write_list(folder: Path, split: Split, pictures: Iterator[Labelled]) -> None:
    """Pictures of a split, and their list last."""
    (folder / split).mkdir(parents=True, exist_ok=True)
    images, notes = [], list[dict[str, object]]()
    for number, picture in enumerate(pictures):
        name = f"{split}/{number:05d}.png"
        cv2.imwrite(str(folder / name), picture.image[..., ::-1])
        images.append({"id": number, "file_name": name, "width": WIDTH, "height": HEIGHT})
        for box, kind in zip(picture.boxes.astype(float), picture.classes, strict=True):
            x1, y1, x2, y2 = (round(float(value), 2) for value in box)
            notes.append({
                "id": len(notes), "image_id": number, "category_id": int(kind), "iscrowd": 0,
                "bbox": [x1, y1, x2 - x1, y2 - y1], "area": (x2 - x1) * (y2 - y1),
            })  # fmt: skip
    categories = [{"id": number, "name": name} for number, name in enumerate(CLASSES)]
    content = {"images": images, "annotations": notes, "categories": categories}
    replace_file(folder / f"{split}.json", json.dumps(content).encode())
