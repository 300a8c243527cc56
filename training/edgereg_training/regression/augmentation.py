"""Augmentation of crops of heads, by the names that recipes use; labels follow the geometry.

`light` moves, mirrors and relights crops that were made before. `strong` makes each crop anew from
its picture, as from a detector's box, turned in the image plane, and puts `faults` into it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import Field

from edgereg_training.loop.errors import RecipeError
from edgereg_training.loop.recipe import Strict, parse_named
from edgereg_training.regression.data import Examples, Image, Pictures
from edgereg_training.regression.faults import degrade
from edgereg_training.regression.labels import Label
from edgereg_training.regression.view import View


class LightAugmentation(Strict):
    """margin: the largest shift, as a share of the crop's side."""

    name: Literal["light"] = "light"
    margin: float = Field(default=0.05, ge=0, lt=0.5)


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


Augmentation: TypeAlias = LightAugmentation | StrongAugmentation
AUGMENTATIONS: dict[str, type[Augmentation]] = {
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


def strong_augmentation(
    batch: Pictures,
    label: Label,
    size: int,
    crop_scale: float,
    settings: StrongAugmentation,
    rng: np.random.Generator,
) -> Examples:
    """A crop of side `size` of each picture, each with faults and with texture of another one."""
    views, crops = [], []
    for image, box in zip(batch.images, batch.boxes, strict=True):
        view = jittered_view(box, crop_scale, settings, rng)
        views.append(view)
        crops.append(sampled_crop(image, view, size, rng))
    images = [degrade(crop, crops[k - 1], settings.strength, rng) for k, crop in enumerate(crops)]
    targets = [label.seen(t, view, size) for t, view in zip(batch.targets, views, strict=True)]
    return Examples(np.stack(images), np.stack(targets))


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
