"""Rendered heads in memory, and batches of augmented crops made from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgereg.geometry import square_crops
from edgereg_training.errors import TrainingError
from edgereg_training.headpose_augment import Augmentation, degrade, jittered_crop
from edgereg_training.render.shards import iter_shards, read_manifest

Image = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Heads:
    """N rendered heads: images uint8 [N, s, s, 3]; poses float32 [N, 3] yaw, pitch, roll in
    degrees; boxes float32 [N, 4] px; identities int32 [N]."""

    images: Image
    poses: FloatArray
    boxes: FloatArray
    identities: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.poses)


@dataclass(frozen=True)
class Crops:
    """A batch: images uint8 [B, size, size, 3] and poses float32 [B, 3] in degrees."""

    images: Image
    poses: FloatArray


def load_heads(folders: Sequence[Path]) -> Heads:
    """All heads of rendered data sets (all of one picture size), shards in order."""
    count = sum(int(read_manifest(folder)["count"]) for folder in folders)
    if not count:
        raise TrainingError("no rendered heads: name folders that 'edgereg render heads' wrote")
    size = int(read_manifest(folders[0])["options"]["size"])
    images = np.empty((count, size, size, 3), np.uint8)
    poses, boxes = np.empty((count, 3), np.float32), np.empty((count, 4), np.float32)
    identities = np.empty(count, np.int32)
    start = 0
    for folder in folders:
        if int(read_manifest(folder)["options"]["size"]) != size:
            raise TrainingError(f"{folder}: holds pictures of another size than {size} px")
        for shard in iter_shards(folder):
            part = slice(start, start + len(shard["pose"]))
            images[part], poses[part] = shard["images"], shard["pose"]
            boxes[part], identities[part] = shard["box"], shard["identity"]
            start = part.stop
    return Heads(images, poses, boxes, identities)


def plain_crops(heads: Heads, size: int, crop_scale: float) -> Crops:
    """The crops that the runtime would make from the true boxes."""
    images = np.empty((len(heads), size, size, 3), np.uint8)
    for index in range(len(heads)):
        box = heads.boxes[index : index + 1]
        images[index] = square_crops(heads.images[index], box, size, crop_scale)[0][0]
    return Crops(images, heads.poses)


def augmented_batches(
    heads: Heads,
    batch_size: int,
    size: int,
    crop_scale: float,
    settings: Augmentation,
    steps: int,
    rng: np.random.Generator,
) -> Iterator[Crops]:
    """`steps` batches of augmented crops, heads drawn without repetition while they last."""
    order = np.resize(rng.permutation(len(heads)), steps * batch_size)
    for chosen in order.reshape(steps, batch_size):
        crops = [
            jittered_crop(
                heads.images[i], heads.boxes[i], heads.poses[i], size, crop_scale, settings, rng
            )
            for i in chosen
        ]
        images = [
            degrade(crop, crops[k - 1][0], settings.strength, rng)
            for k, (crop, _) in enumerate(crops)
        ]
        yield Crops(np.stack(images), np.stack([pose for _, pose in crops]))
