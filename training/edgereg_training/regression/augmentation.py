"""Augmentation of crops, by the names that recipes use; targets follow the geometry.

`shift` moves and brightens crops that were made before; `light` mirrors and relights them as well.
`strong` makes each crop anew from its picture, as from a detector's box, turned in the image plane,
and puts `faults` into it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import Field

from edgereg.core.arrays import Image
from edgereg_training.data.cache import Cut
from edgereg_training.data.part import SetPart, shards_of
from edgereg_training.loop.errors import RecipeError
from edgereg_training.loop.recipe import Strict, parse_named
from edgereg_training.regression.data import (
    CroppedData,
    Examples,
    Indices,
    Pictures,
    TrainingData,
    crops_of,
    load_examples,
    load_pictures,
    without_repetition,
)
from edgereg_training.regression.faults import degrade
from edgereg_training.regression.target import TrainingTarget
from edgereg_training.regression.view import View, warp_of, windows


@dataclass(frozen=True)
class Crops:
    """Which crops of which data, folders of shards or splits of data sets: size of the side in px;
    crop_scale: side over the longer side of the box."""

    parts: Sequence[Path | SetPart]
    target: TrainingTarget
    size: int
    crop_scale: float

    def folders(self) -> list[Path]:
        """Their shards; those of data sets are made where they are not there yet."""
        return shards_of(self.parts, Cut(self.target.label, self.size, self.crop_scale))

    def examples(self, margin: int = 0) -> Examples:
        """All of them, in memory."""
        return load_examples(self.folders(), self.target, self.size, self.crop_scale, margin)


class ShiftAugmentation(Strict):
    """margin: the largest shift, as a share of the crop's side."""

    name: Literal["shift"] = "shift"
    margin: float = Field(default=0.05, ge=0, lt=0.5)

    def data(self, crops: Crops) -> TrainingData:
        """Crops in memory, seen through `shift_augmentation`."""
        return cropped_data(crops, self.margin, shift_augmentation)


class LightAugmentation(Strict):
    """margin: the largest shift, as a share of the crop's side."""

    name: Literal["light"] = "light"
    margin: float = Field(default=0.05, ge=0, lt=0.5)

    def data(self, crops: Crops) -> TrainingData:
        """Crops in memory, seen through `light_augmentation`."""
        return cropped_data(crops, self.margin, light_augmentation)


class StrongAugmentation(Strict):
    """What lies between a rendered head and a photographed one.

    shift: of the box centre, standard deviation over the box's longer side; zoom: standard
    deviation of log scale; turn: in-plane rotation's standard deviation in degrees, for half of the
    crops; strength: multiplies the probabilities of the faults.
    """

    name: Literal["strong"] = "strong"
    shift: float = Field(default=0.05, ge=0)
    zoom: float = Field(default=0.09, ge=0)
    turn: float = Field(default=8.0, ge=0)
    strength: float = Field(default=1.0, ge=0, le=1.5)

    def data(self, crops: Crops) -> TrainingData:
        """Whole pictures in memory, cropped anew at every visit."""
        return PictureData(crops, self)


Augmentation: TypeAlias = ShiftAugmentation | LightAugmentation | StrongAugmentation
AUGMENTATIONS: dict[str, type[Augmentation]] = {
    "shift": ShiftAugmentation,
    "light": LightAugmentation,
    "strong": StrongAugmentation,
}


def parse_augmentation(options: Mapping[str, Any]) -> Augmentation:
    """The settings of a mapping with the key `name`; RecipeError names the first wrong key."""
    name = str(options.get("name"))
    if name not in AUGMENTATIONS:
        known = ", ".join(sorted(AUGMENTATIONS))
        raise RecipeError(f"unknown augmentation '{name}' in the recipe (known: {known})")
    return parse_named("augmentation", AUGMENTATIONS[name], options)


Augment: TypeAlias = Callable[[Examples, TrainingTarget, np.random.Generator], Examples]


def cropped_data(crops: Crops, share: float, augment: Augment) -> CroppedData:
    """Crops with a margin of `share` of their side, which `augment` looks at."""
    load = partial(crops.examples, round(share * crops.size))
    return CroppedData(load, lambda batch, rng: augment(batch, crops.target, rng))


def shift_augmentation(
    batch: Examples, target: TrainingTarget, rng: np.random.Generator
) -> Examples:
    """A random window of each crop with a random gain and offset of its brightness."""
    count = len(batch)
    top, left = rng.integers(0, 2 * batch.margin + 1, (2, count))
    shown = window(batch, target, np.stack([left, top], axis=1), np.zeros(count, np.bool_))
    gain = rng.uniform(0.8, 1.2, (count, 1, 1, 1)).astype(np.float32)
    offset = rng.uniform(-20, 20, (count, 1, 1, 1)).astype(np.float32)
    lit = shown.images.astype(np.float32) * gain + offset
    return Examples(np.clip(lit, 0, 255).astype(np.uint8), shown.targets)


def light_augmentation(
    batch: Examples, target: TrainingTarget, rng: np.random.Generator
) -> Examples:
    """A random window of each crop, half of them mirrored, with random gain, offset and noise."""
    count = len(batch)
    corner = rng.integers(0, 2 * batch.margin + 1, (count, 2))
    shown = window(batch, target, corner, rng.random(count) < 0.5)
    gain = np.exp(rng.normal(0, 0.15, (count, 1, 1, 1)) + rng.normal(0, 0.05, (count, 1, 1, 3)))
    offset = rng.uniform(-20, 20, (count, 1, 1, 1))
    noise = rng.standard_normal(shown.images.shape, np.float32) * rng.uniform(
        0, 6, (count, 1, 1, 1)
    )
    lit = shown.images * gain.astype(np.float32) + (offset + noise).astype(np.float32)
    return Examples(np.clip(lit, 0, 255).astype(np.uint8), shown.targets)


def window(
    batch: Examples,
    target: TrainingTarget,
    corner: npt.NDArray[np.integer],
    mirrored: npt.NDArray[np.bool_],
) -> Examples:
    """The part at `corner` [N, 2] (x, y) of each crop that is as large as its middle."""
    size = batch.images.shape[1] - 2 * batch.margin
    rows = corner[:, 1, None] + np.arange(size)
    along = np.where(mirrored[:, None], np.arange(size - 1, -1, -1), np.arange(size))
    columns = corner[:, :1] + along
    which = np.arange(len(batch))[:, None, None]
    images = batch.images[which, rows[:, :, None], columns[:, None, :]]
    warp = windows(corner - batch.margin, mirrored, size)
    return Examples(images, target.geometry.warped(batch.targets, warp))


@dataclass(frozen=True)
class PictureData:
    """Training data of whole pictures: each visit crops one anew, with faults and with texture of
    another one."""

    crops: Crops
    settings: StrongAugmentation

    @cached_property
    def pictures(self) -> Pictures:
        """All of them."""
        return load_pictures(self.crops.folders(), self.crops.target)

    def __len__(self) -> int:
        return len(self.pictures)

    def drawn(self, count: int, rng: np.random.Generator) -> Indices:
        """Without repetition while they last."""
        return without_repetition(len(self), count, rng)

    def plain(self, chosen: Indices) -> Examples:
        """As the runtime would crop them."""
        pictures, crops = self.pictures.take(chosen), self.crops
        return crops_of(pictures, crops.target, crops.size, crops.crop_scale)

    def augmented(self, chosen: Indices, rng: np.random.Generator) -> Examples:
        """See the class."""
        return strong_augmentation(self.pictures.take(chosen), self.crops, self.settings, rng)


def strong_augmentation(
    batch: Pictures, crops: Crops, settings: StrongAugmentation, rng: np.random.Generator
) -> Examples:
    """A crop of each picture, each with faults and with texture of another one."""
    size = crops.size
    views, shown = [], []
    for image, box in zip(batch.images, batch.boxes, strict=True):
        view = jittered_view(box, crops.crop_scale, settings, rng)
        views.append(view)
        shown.append(sampled_crop(image, view, size, rng))
    images = [degrade(crop, shown[k - 1], settings.strength, rng) for k, crop in enumerate(shown)]
    targets = crops.target.geometry.warped(batch.targets, warp_of(views, size))
    return Examples(np.stack(images), targets)


def jittered_view(
    box: npt.NDArray[np.floating],
    crop_scale: float,
    settings: StrongAugmentation,
    rng: np.random.Generator,
) -> View:
    """What a crop from a detector's box would show, turned or mirrored in half of all cases."""
    longer = float(max(box[2] - box[0], box[3] - box[1]))
    shift = np.clip(rng.normal(0, settings.shift, 2), -0.15, 0.15) * longer
    side = crop_scale * longer * float(np.exp(np.clip(rng.normal(0, settings.zoom), -0.25, 0.25)))
    turn = float(np.clip(rng.normal(0, settings.turn), -25, 25)) if rng.random() < 0.5 else 0.0
    mirrored = bool(rng.random() < 0.5)
    return View((box[:2] + box[2:]) / 2 + shift, side, turn, mirrored)


def sampled_crop(image: Image, view: View, size: int, rng: np.random.Generator) -> Image:
    """The view, interpolated or, half of the times it shrinks, averaged over areas."""
    if view.side <= size or rng.random() >= 0.5:
        return view.crop(image, size)
    fine = view.crop(image, 2 * size)
    return np.asarray(cv2.resize(fine, (size, size), interpolation=cv2.INTER_AREA), np.uint8)
