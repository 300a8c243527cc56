"""Examples in memory: crops, or whole pictures to make crops from, and how an epoch draws them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import FloatArray, Image
from edgereg.core.geometry import square_crops
from edgereg_training.loop.errors import TrainingError
from edgereg_training.regression.target import TrainingTarget
from edgereg_training.regression.view import straight
from edgereg_training.render.shards import iter_shards, read_manifest

Indices = npt.NDArray[np.integer]


@dataclass(frozen=True)
class Examples:
    """images uint8 [N, S + 2m, S + 2m, 3] with a margin of m px about what is shown; targets
    float32 [N, D] in units, of the middle S px."""

    images: Image
    targets: FloatArray
    margin: int = 0

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, chosen: Indices) -> Examples:
        """The examples of these indices."""
        return Examples(self.images[chosen], self.targets[chosen], self.margin)

    def middle(self) -> Examples:
        """The same without a margin."""
        inside = slice(self.margin, self.images.shape[1] - self.margin)
        return Examples(np.ascontiguousarray(self.images[:, inside, inside]), self.targets)


@dataclass(frozen=True)
class Pictures:
    """images uint8 [N, s, s, 3]; boxes float32 [N, 4] of their heads, px; targets float32 [N, D] in
    units, points in px of the picture."""

    images: Image
    boxes: FloatArray
    targets: FloatArray

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, chosen: Indices) -> Pictures:
        """The pictures of these indices."""
        return Pictures(self.images[chosen], self.boxes[chosen], self.targets[chosen])


class TrainingData(Protocol):
    """What a regression problem trains on, such as `CroppedData` or `augmentation.PictureData`."""

    def __len__(self) -> int: ...

    def drawn(self, count: int, rng: np.random.Generator) -> Indices:
        """The examples of an epoch, in the order in which they are seen: [count]."""
        ...

    def augmented(self, chosen: Indices, rng: np.random.Generator) -> Examples:
        """Examples as training sees them, without a margin."""
        ...

    def plain(self, chosen: Indices) -> Examples:
        """Examples as validation would see them."""
        ...


def without_repetition(size: int, count: int, rng: np.random.Generator) -> Indices:
    """`count` of 0..size-1, none again before all were drawn."""
    return np.resize(rng.permutation(size), count)


@dataclass(frozen=True)
class CroppedData:
    """Crops made beforehand, which `augment` moves and relights; `load` gives them, once."""

    load: Callable[[], Examples]
    augment: Callable[[Examples, np.random.Generator], Examples]

    @cached_property
    def examples(self) -> Examples:
        """All of them, with their margin."""
        return self.load()

    def __len__(self) -> int:
        return len(self.examples)

    def drawn(self, count: int, rng: np.random.Generator) -> Indices:
        """Without repetition while they last."""
        return without_repetition(len(self), count, rng)

    def augmented(self, chosen: Indices, rng: np.random.Generator) -> Examples:
        """See `TrainingData`."""
        return self.augment(self.examples.take(chosen), rng)

    def plain(self, chosen: Indices) -> Examples:
        """The middles of the crops."""
        return self.examples.take(chosen).middle()


def crops_of(
    pictures: Pictures, target: TrainingTarget, size: int, crop_scale: float, margin: int = 0
) -> Examples:
    """Pictures cropped as the runtime would from their true boxes, and `margin` px more."""
    side = size + 2 * margin
    found = [
        square_crops(image, box[None], side, crop_scale * side / size)
        for image, box in zip(pictures.images, pictures.boxes, strict=True)
    ]
    images, origins, zooms = (np.concatenate(parts) for parts in zip(*found, strict=True))
    warp = straight(origins + margin / zooms, zooms)
    return Examples(images, target.geometry.warped(pictures.targets, warp), margin)


def load_examples(
    folders: Sequence[Path], target: TrainingTarget, size: int, crop_scale: float, margin: int = 0
) -> Examples:
    """All pictures of data sets in shards, cropped as the runtime would from their true boxes.

    Raises TrainingError where a folder holds nothing with this label, or targets that are not
    numbers.
    """
    count = sum(int(read_manifest(folder)["count"]) for folder in folders)
    side = size + 2 * margin
    images = np.empty((count, side, side, 3), np.uint8)
    targets = np.empty((count, len(target.values)), np.float32)
    start = 0
    for pictures in iter_pictures(folders, target):
        part = slice(start, start + len(pictures))
        made = crops_of(pictures, target, size, crop_scale, margin)
        images[part], targets[part] = made.images, made.targets
        start = part.stop
    return Examples(images, targets, margin)


def load_pictures(folders: Sequence[Path], target: TrainingTarget) -> Pictures:
    """All pictures of data sets in shards as they are.

    Raises TrainingError as `load_examples`, and where pictures differ in size.
    """
    parts: list[Pictures] = []
    for folder in folders:
        for part in iter_pictures([folder], target):
            side = (parts or [part])[0].images.shape[1]
            if part.images.shape[1] != side:
                raise TrainingError(f"{folder}: holds pictures of another size than {side} px")
            parts.append(part)
    return Pictures(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.targets for part in parts]),
    )


def iter_pictures(folders: Sequence[Path], target: TrainingTarget) -> Iterator[Pictures]:
    """The pictures of each shard; TrainingError where the label is missing or not finite."""
    for folder in folders:
        for shard in iter_shards(folder):
            if target.label not in shard or "box" not in shard:
                raise TrainingError(f"{folder}: holds no pictures with the label '{target.label}'")
            values = target.of_pictures(shard)
            if values.shape[1] != len(target.values):
                raise TrainingError(
                    f"{folder}: '{target.label}' has {values.shape[1]} numbers a picture, target "
                    f"'{target.name}' has {len(target.values)}"
                )
            wrong = ~np.isfinite(values)
            if wrong.any():
                row, column = (int(i) for i in np.argwhere(wrong)[0])
                raise TrainingError(
                    f"{folder}: target '{target.values[column].name}' of picture {row} of a shard "
                    f"is {values[row, column]} ({int(wrong.sum())} such targets): make it again"
                )
            yield Pictures(shard["images"], shard["box"], values)
