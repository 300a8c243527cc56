"""Rendered heads in memory with any label: crops, or whole pictures to make crops from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgereg.core.geometry import square_crops
from edgereg_training.loop.errors import TrainingError
from edgereg_training.regression.labels import FloatArray, Label
from edgereg_training.render.shards import iter_shards, read_manifest

Image = npt.NDArray[np.uint8]
Shard = Mapping[str, npt.NDArray[Any]]


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


@dataclass(frozen=True)
class Pictures:
    """images uint8 [N, s, s, 3]; boxes float32 [N, 4] of their heads, px; targets float32 [N, D] in
    units, points in px of the picture."""

    images: Image
    boxes: FloatArray
    targets: FloatArray

    def take(self, chosen: npt.NDArray[np.integer]) -> Pictures:
        """The pictures of these indices."""
        return Pictures(self.images[chosen], self.boxes[chosen], self.targets[chosen])


def count_heads(folders: Sequence[Path]) -> int:
    """How many heads rendered data sets hold together."""
    return sum(int(read_manifest(folder)["count"]) for folder in folders)


def load_examples(
    folders: Sequence[Path], label: Label, size: int, crop_scale: float, margin: int = 0
) -> Examples:
    """All heads of rendered data sets, cropped as the runtime would from their true boxes.

    Raises TrainingError where a folder holds no heads with this label, or targets that are not
    numbers.
    """
    count, side = count_heads(folders), size + 2 * margin
    images = np.empty((count, side, side, 3), np.uint8)
    targets = np.empty((count, len(label.targets)), np.float32)
    for part, shard in _labelled(folders, label):
        images[part], targets[part] = _crops(shard, label, size, crop_scale, margin)
    return Examples(images, targets, margin)


def load_pictures(folders: Sequence[Path], label: Label) -> Pictures:
    """All heads of rendered data sets as they were rendered.

    Raises TrainingError as `load_examples`, and where pictures differ in size.
    """
    count, side = count_heads(folders), _side(folders)
    images = np.empty((count, side, side, 3), np.uint8)
    boxes = np.empty((count, 4), np.float32)
    targets = np.empty((count, len(label.targets)), np.float32)
    for part, shard in _labelled(folders, label):
        images[part], boxes[part] = shard["images"], shard["box"]
        targets[part] = label.of_pictures(shard)
    return Pictures(images, boxes, targets)


def _side(folders: Sequence[Path]) -> int:
    """Of all pictures, which have one size."""
    sizes = [read_manifest(folder)["options"].get("size") for folder in folders]
    for folder, size in zip(folders, sizes, strict=True):
        if size is None:
            raise TrainingError(f"{folder}: holds no heads")
        if size != sizes[0]:
            raise TrainingError(f"{folder}: holds pictures of another size than {sizes[0]} px")
    return int(sizes[0])


def _labelled(folders: Sequence[Path], label: Label) -> Iterator[tuple[slice, Shard]]:
    """Each shard and the place of its heads among all; TrainingError where the label is wrong."""
    start = 0
    for folder in folders:
        for shard in iter_shards(folder):
            if label.key not in shard or "box" not in shard:
                raise TrainingError(f"{folder}: holds no heads with the label '{label.key}'")
            _refuse_nan(folder, label, label.of_pictures(shard))
            part = slice(start, start + len(shard["box"]))
            yield part, shard
            start = part.stop


def _crops(
    shard: Shard, label: Label, size: int, crop_scale: float, margin: int
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
