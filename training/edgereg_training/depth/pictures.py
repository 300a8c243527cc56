"""Pictures with their depth in memory, and how training sees them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgereg.core.arrays import FloatArray, Image
from edgereg.core.geometry import band
from edgereg_training.data.dataset import DataSetError, Sample, samples_of
from edgereg_training.data.held_out import without_last
from edgereg_training.data.nyud2 import NYUD2
from edgereg_training.driving.frames import relit
from edgereg_training.regression.data import Indices

Size = tuple[int, int]


@dataclass(frozen=True)
class DepthPictures:
    """images: uint8 [N, H, W, 3] RGB; depth: float32 [N, h, w] in m, 0 where it is not known."""

    images: Image
    depth: FloatArray

    def __len__(self) -> int:
        return len(self.images)

    def take(self, chosen: Indices) -> DepthPictures:
        """The pictures of these indices."""
        return DepthPictures(self.images[chosen], self.depth[chosen])


def load_pictures(
    samples: Sequence[Sample],
    size: Size,
    cells: Size,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> DepthPictures:
    """All samples, scaled to `size` (width, height) px, with maps of `cells` (width, height).

    DataSetError where a picture or a map can't be read.
    """
    images = np.empty((len(samples), size[1], size[0], 3), np.uint8)
    depth = np.empty((len(samples), cells[1], cells[0]), np.float32)
    for index, sample in enumerate(samples):
        images[index] = band(sample.read(), (0, 1), size)[0]
        if sample.maps is None:
            raise DataSetError(f"{sample.name}: has no depth map")
        depth[index] = at_middles(sample.maps()["depth"], cells)
        progress(index + 1, len(samples))
    return DepthPictures(images, depth)


def at_middles(depth: FloatArray, cells: Size) -> FloatArray:
    """A map [H, W] at the middle of each of the cells: no mean of what is near and far."""
    height, width = depth.shape
    rows, columns = (
        ((np.arange(count) + 0.5) * side / count).astype(int)
        for count, side in ((cells[1], height), (cells[0], width))
    )
    return np.asarray(depth[np.ix_(rows, columns)], np.float32)


def training_samples(folder: Path, held_out: float) -> tuple[list[Sample], list[Sample]]:
    """The training list of a folder in NYUD2-DIR's layout, without and with its last `held_out`:
    neighbours in the list show the same room."""
    return without_last(samples_of(NYUD2, folder, "train"), held_out)


def evenly(samples: Sequence[Sample], most: int | None) -> list[Sample]:
    """At most so many of the samples, from all of the list."""
    if most is None or len(samples) <= most:
        return list(samples)
    return [samples[i] for i in np.linspace(0, len(samples) - 1, most).astype(int)]


def augmented(pictures: DepthPictures, mirrored: bool, rng: np.random.Generator) -> DepthPictures:
    """Relit, half of them shown left for right where that is wanted."""
    flip = (rng.random(len(pictures)) < 0.5) & mirrored
    images = np.where(flip[:, None, None, None], pictures.images[:, :, ::-1], pictures.images)
    depth = np.where(flip[:, None, None], pictures.depth[:, :, ::-1], pictures.depth)
    return DepthPictures(relit(images, rng), np.ascontiguousarray(depth))
