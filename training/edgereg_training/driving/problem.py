"""Driving as a training problem: the steering angle of recorded drives.

problem: driving
options:
  drives: [my_tub, data/roads]
  backbone: {name: edge-s}
  method: {name: bel, code: B1JDJ}
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from edgereg_training.driving.drives import Drive, load_drives
from edgereg_training.driving.frames import Band, DriveData, examples_of
from edgereg_training.driving.split import split_by_time
from edgereg_training.loop.errors import TrainingError
from edgereg_training.loop.recipe import Recipe, Strict, parse_options, with_options
from edgereg_training.regression.data import Examples
from edgereg_training.regression.problem import RegressionOptions, RegressionProblem
from edgereg_training.regression.target import TrainingTarget, parse_target


class DrivingOptions(Strict):
    """The keys of a driving recipe.

    drives: recordings, see `drives`; each is split by time. unit, limit: of the steering: '' and 1
    for shares of full lock, else 'degree' and the largest angle that is predicted. size: side of
    the network's picture, px. top, bottom: the band of the frame that it sees, as shares of its
    height. side_correction: what is added to the steering of a left camera and taken off that of a
    right one, as a share of `limit`. mirrored: whether half of the pictures are shown left for
    right. margin: the largest shift, as a share of the side. balance: classes of steering that are
    equalised, so that driving straight does not outweigh the rest; None: as recorded.
    validation_share, test_share: of each drive, by time. epoch_images: pictures an epoch (None: as
    many as there are). calibrated: whether the method bel's density is calibrated on the validation
    pictures. training_data: what the model card says of the drives, '' for their names.
    """

    drives: tuple[Path, ...] = Field(min_length=1)
    unit: str = ""
    limit: float = Field(default=1.0, gt=0)
    size: int = Field(default=64, ge=16)
    top: float = Field(default=0.3, ge=0, lt=1)
    bottom: float = Field(default=1.0, gt=0, le=1)
    side_correction: float = Field(default=0.2, ge=0)
    mirrored: bool = True
    margin: float = Field(default=0.05, ge=0, lt=0.5)
    balance: int | None = Field(default=32, ge=2)
    validation_share: float = Field(default=0.15, gt=0, lt=0.5)
    test_share: float = Field(default=0.2, ge=0, lt=0.5)
    epoch_images: int | None = Field(default=None, gt=0)
    training_data: str = ""
    backbone: dict[str, Any]
    method: dict[str, Any]
    metric: str = "mae"
    calibrated: bool = False

    @property
    def band(self) -> Band:
        """What the network sees of a frame."""
        return Band(self.top, self.bottom, self.size)

    def regression(self) -> RegressionOptions:
        """The same as options of a regression."""
        return RegressionOptions(
            target={"name": "steering", "unit": self.unit, "low": -self.limit, "high": self.limit},
            train=self.drives,
            validation=self.drives,
            size=self.size,
            crop_scale=1.0,
            epoch_images=self.epoch_images,
            backbone=self.backbone,
            method=self.method,
            metric=self.metric,
            calibrated=self.calibrated,
        )

    def target(self) -> TrainingTarget:
        """The steering angle, as the task `driving` gives it."""
        settings = parse_target(self.regression().target)
        return replace(settings.target(self.size), name="driving")


def problem(recipe: Recipe) -> RegressionProblem:
    """The driving problem of a recipe; RecipeError where its parts are unknown, TrainingError
    where a drive can't be read or is in another unit."""
    options = parse_options(DrivingOptions, recipe)
    target = options.target()
    return RegressionProblem(
        options.regression(),
        recipe.batch_size,
        target,
        DriveData(
            partial(training_examples, options),
            target,
            options.mirrored,
            options.balance,
        ),
        partial(validation_examples, options),
    )


def training_examples(options: DrivingOptions) -> Examples:
    """All training pictures, with a margin; side cameras with their correction."""
    parts = []
    for drive in drives_of(options.drives, options):
        split = split_by_time(drive, options.validation_share, options.test_share)
        parts.append(corrected(drive.take(split.train), options))
    return examples_of(parts, options.band, round(options.margin * options.size), options.limit)


def validation_examples(options: DrivingOptions) -> Examples:
    """The validation pictures of all drives, of the middle camera."""
    parts = []
    for drive in drives_of(options.drives, options):
        split = split_by_time(drive, options.validation_share, options.test_share)
        parts.append(drive.take(split.validation))
    return examples_of(parts, options.band, 0, options.limit)


def drives_of(places: Sequence[Path], options: DrivingOptions) -> list[Drive]:
    """The drives of all places; TrainingError where one is in another unit than the recipe's.

    Shares of full lock are taken for degrees by the recipe's limit.
    """
    found = []
    for drive in (drive for place in places for drive in load_drives(place)):
        if drive.unit == options.unit:
            found.append(drive)
        elif drive.unit == "":
            found.append(replace(drive, steering=drive.steering * options.limit, unit=options.unit))
        else:
            largest = float(np.abs(drive.steering).max())
            raise TrainingError(
                f"{drive.name}: its steering is in degrees (up to {largest:.0f}): set 'unit: "
                f"degree' and 'limit: {largest:.0f}' in the recipe's options"
            )
    return found


def with_data(recipe: Recipe, folders: Sequence[Path]) -> Recipe:
    """The recipe for other drives, with their unit and range: of shares of full lock 1, of degrees
    the largest angle, rounded up to tens."""
    drives = [drive for folder in folders for drive in load_drives(folder)]
    degrees = [drive for drive in drives if drive.unit]
    largest = max((float(np.abs(drive.steering).max()) for drive in degrees), default=0.0)
    return with_options(
        recipe,
        drives=[str(folder) for folder in folders],
        training_data="",
        unit="degree" if degrees else "",
        limit=max(10.0, 10.0 * math.ceil(largest / 10)) if degrees else 1.0,
    )


def corrected(drive: Drive, options: DrivingOptions) -> Drive:
    """Side cameras see the lane from where the car would have to come back to its middle."""
    shift = -drive.side * options.side_correction * options.limit
    return replace(drive, steering=drive.steering + shift)
