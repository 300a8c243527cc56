"""Rendered heads as crops in memory with any label, and a light augmentation of whole batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgereg.geometry import square_crops
from edgereg_training.errors import TrainingError
from edgereg_training.regression_labels import FloatArray, Label
from edgereg_training.render.shards import iter_shards, read_manifest

Image = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Examples:
    """images uint8 [N, S + 2m, S + 2m, 3] with a margin of m px about what is shown; targets
    float32 [N, D] in units, of the middle S px."""

    images: Image
    targets: FloatArray
    margin: int = 0

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, chosen: npt.NDArray[np.integer]) -> Examples:
        """The examples of these indices."""
        return Examples(self.images[chosen], self.targets[chosen], self.margin)

    def middle(self) -> Examples:
        """The same without a margin."""
        inside = slice(self.margin, self.images.shape[1] - self.margin)
        return Examples(np.ascontiguousarray(self.images[:, inside, inside]), self.targets)


def load_examples(
    folders: Sequence[Path], label: Label, size: int, crop_scale: float, margin: int = 0
) -> Examples:
    """All heads of rendered data sets, cropped as the runtime would from their true boxes.

    Raises TrainingError where a folder holds no heads with this label, or targets that are not
    numbers.
    """
    count = sum(int(read_manifest(folder)["count"]) for folder in folders)
    side = size + 2 * margin
    images = np.empty((count, side, side, 3), np.uint8)
    targets = np.empty((count, len(label.targets)), np.float32)
    start = 0
    for folder in folders:
        for shard in iter_shards(folder):
            if label.key not in shard or "box" not in shard:
                raise TrainingError(f"{folder}: holds no heads with the label '{label.key}'")
            part = slice(start, start + len(shard["box"]))
            images[part], targets[part] = _crops(shard, label, size, crop_scale, margin)
            _refuse_nan(folder, label, targets[part])
            start = part.stop
    return Examples(images, targets, margin)


def _crops(
    shard: dict[str, npt.NDArray[np.generic]],
    label: Label,
    size: int,
    crop_scale: float,
    margin: int,
) -> tuple[Image, FloatArray]:
    side = size + 2 * margin
    found = [
        square_crops(image, box[None], side, crop_scale * side / size)
        for image, box in zip(shard["images"], shard["box"], strict=True)
    ]
    images, origins, zooms = (np.concatenate(parts) for parts in zip(*found, strict=True))
    targets = label.of_crops(shard, origins, zooms)
    return images, label.moved(targets, np.full((len(targets), 2), margin, np.float32))


def _refuse_nan(folder: Path, label: Label, targets: FloatArray) -> None:
    wrong = ~np.isfinite(targets)
    if wrong.any():
        row, column = (int(i) for i in np.argwhere(wrong)[0])
        raise TrainingError(
            f"{folder}: target '{label.targets[column].name}' of picture {row} of a shard is "
            f"{targets[row, column]} ({int(wrong.sum())} such targets): render it again"
        )


def light_batches(
    examples: Examples, label: Label, batch_size: int, steps: int, rng: np.random.Generator
) -> Iterator[Examples]:
    """`steps` augmented batches, examples drawn without repetition while they last."""
    order = np.resize(rng.permutation(len(examples)), steps * batch_size)
    for chosen in order.reshape(steps, batch_size):
        yield light_augmentation(examples.take(chosen), label, rng)


def light_augmentation(batch: Examples, label: Label, rng: np.random.Generator) -> Examples:
    """A random window of each crop, half of them mirrored, with random gain, offset and noise."""
    count, margin = len(batch), batch.margin
    size = batch.images.shape[1] - 2 * margin
    corner = rng.integers(0, 2 * margin + 1, (count, 2))
    mirrored = rng.random(count) < 0.5
    rows = corner[:, 1, None] + np.arange(size)
    columns = corner[:, :1] + np.where(
        mirrored[:, None], np.arange(size - 1, -1, -1), np.arange(size)
    )
    which = np.arange(count)[:, None, None]
    images = batch.images[which, rows[:, :, None], columns[:, None, :]]
    targets = label.moved(batch.targets, (corner - margin).astype(np.float32))
    targets = np.where(mirrored[:, None], label.mirrored(targets, size), targets)
    return Examples(_relit(images, rng), targets.astype(np.float32))


def _relit(images: Image, rng: np.random.Generator) -> Image:
    count = len(images)
    gain = np.exp(rng.normal(0, 0.15, (count, 1, 1, 1)) + rng.normal(0, 0.05, (count, 1, 1, 3)))
    offset = rng.uniform(-20, 20, (count, 1, 1, 1))
    noise = rng.standard_normal(images.shape, np.float32) * rng.uniform(0, 6, (count, 1, 1, 1))
    lit = images * gain.astype(np.float32) + (offset + noise).astype(np.float32)
    return np.clip(lit, 0, 255).astype(np.uint8)
