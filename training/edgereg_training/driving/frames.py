"""Pictures of drives in memory, and how an epoch draws and augments them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch

from edgereg.core.arrays import FloatArray, Image
from edgereg.core.geometry import band
from edgereg_training.data.dataset import read_picture
from edgereg_training.driving.drives import Drive
from edgereg_training.methods.regcls.classes import equalised_classes, label
from edgereg_training.regression.augmentation import window
from edgereg_training.regression.data import Examples, Indices
from edgereg_training.regression.target import TrainingTarget


@dataclass(frozen=True)
class Band:
    """The part of a frame that a network sees, between two shares of its height, as a square
    picture of side `size` px."""

    top: float
    bottom: float
    size: int

    def of(self, file: Path) -> Image:
        """uint8 [size, size, 3] of a picture file; DataSetError where it can't be read."""
        shares = self.top, self.bottom
        return band(read_picture(file), shares, (self.size, self.size))[0]


def examples_of(drives: Sequence[Drive], seen: Band, margin: int, limit: float) -> Examples:
    """All pictures of the drives, their border repeated for a margin; steering within -limit..limit
    as targets."""
    files = [file for drive in drives for file in drive.files]
    steering = np.concatenate([drive.steering for drive in drives])
    side = seen.size + 2 * margin
    images = np.empty((len(files), side, side, 3), np.uint8)
    for image, file in zip(images, files, strict=True):
        image[:] = cv2.copyMakeBorder(
            seen.of(file), margin, margin, margin, margin, cv2.BORDER_REPLICATE
        )
    targets = np.clip(steering, -limit, limit).astype(np.float32)[:, None]
    return Examples(images, targets, margin)


@dataclass(frozen=True)
class DriveData:
    """The `regression.data.TrainingData` of drives; `load` gives them, once.

    balance: classes that the steering is equalised to; None: all pictures are drawn alike.
    """

    load: Callable[[], Examples]
    target: TrainingTarget
    mirrored: bool
    balance: int | None

    @cached_property
    def examples(self) -> Examples:
        """All of them, with their margin."""
        return self.load()

    @cached_property
    def chances(self) -> npt.NDArray[np.float64]:
        """Of each picture to be drawn, relative to the others."""
        if self.balance is None:
            return np.ones(len(self))
        return balanced(self.examples.targets[:, 0], self.balance)

    def __len__(self) -> int:
        return len(self.examples)

    def drawn(self, count: int, rng: np.random.Generator) -> Indices:
        """With repetition, so that all classes are seen alike; without any where not balanced."""
        if self.balance is None:
            return np.resize(rng.permutation(len(self)), count)
        return rng.choice(len(self), count, p=self.chances / self.chances.sum())

    def augmented(self, chosen: Indices, rng: np.random.Generator) -> Examples:
        """Shifted, relit, half of them mirrored where that is wanted."""
        batch = self.examples.take(chosen)
        count = len(batch)
        corner = rng.integers(0, 2 * batch.margin + 1, (count, 2))
        mirror = (rng.random(count) < 0.5) & self.mirrored
        shown = window(batch, self.target, corner, mirror)
        return Examples(relit(shown.images, rng), shown.targets)

    def plain(self, chosen: Indices) -> Examples:
        """As validation sees them."""
        return self.examples.take(chosen).middle()


def balanced(steering: FloatArray, classes: int) -> npt.NDArray[np.float64]:
    """The chance [N] of each picture that makes its class as frequent as the rarest: Reg+Cls's
    equalised histogram (section 3.3), by which straight driving, one value of which is a fifth of
    many recordings, is thinned out and rare angles are merged instead of being repeated."""
    values = torch.from_numpy(steering.astype(np.float64))
    if float(values.min()) == float(values.max()):
        return np.ones(len(steering))
    found = equalised_classes(values, classes)
    return np.asarray(found.keep[label(values, found.edges)].numpy())


def relit(images: Image, rng: np.random.Generator) -> Image:
    """Brightness, colour, contrast, noise and a shadow over a part of each picture."""
    count, height, width = images.shape[:3]
    gain = np.exp(rng.normal(0, 0.2, (count, 1, 1, 1)) + rng.normal(0, 0.05, (count, 1, 1, 3)))
    offset = rng.uniform(-20, 20, (count, 1, 1, 1))
    noise = rng.standard_normal(images.shape, np.float32) * rng.uniform(0, 6, (count, 1, 1, 1))
    lit = images * gain.astype(np.float32) + (offset + noise).astype(np.float32)
    shown = lit * _shadows(rng, count, height, width)
    return np.asarray(np.clip(shown, 0, 255), np.uint8)


def _shadows(rng: np.random.Generator, count: int, height: int, width: int) -> FloatArray:
    """Factors [count, height, width, 1]: one side of a random line is darker in a third of all."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    angle, place = rng.uniform(0, 2 * np.pi, (count, 1, 1)), rng.uniform(-0.8, 0.8, (count, 1, 1))
    behind = x * np.cos(angle) + y * np.sin(angle) > place
    dark = np.where(rng.random((count, 1, 1)) < 1 / 3, rng.uniform(0.4, 1, (count, 1, 1)), 1.0)
    return np.where(behind, dark, 1.0).astype(np.float32)[..., None]
