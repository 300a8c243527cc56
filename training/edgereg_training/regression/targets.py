"""The built-in training targets: head pose, age, facial landmarks, steering, and any number."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, field_validator

from edgereg.core.arrays import FloatArray
from edgereg.core.model_spec import Target
from edgereg_training.facts import TaskFacts
from edgereg_training.regression.points import COUNTS, mirror_order
from edgereg_training.regression.target import (
    HeadAngles,
    ImagePoints,
    Mask,
    Metric,
    Negated,
    Part,
    TargetSettings,
    TrainingTarget,
    Unchanged,
)

LIMITS = (
    "On heads unlike those that it was trained on, which are named below, it is less sure.",
    "Hats, hands before the face, strong blur and heads smaller than it was trained on are harder.",
    "It does not identify anybody, and must not be used to judge people.",
)
TEST_HEADS = "edgereg_training.render.test_data:heads"


def pose_part(name: str, yaw: float, pitch: float, roll: float) -> Part:
    """Poses whose angles are all below limits in degrees."""

    def holds(targets: FloatArray) -> Mask:
        return np.asarray(np.all(np.abs(targets) < (yaw, pitch, roll), axis=1), np.bool_)

    note = f"|yaw| < {yaw:.0f}, |pitch| < {pitch:.0f}, |roll| < {roll:.0f}"
    return Part(name, note, holds, by_value=name == "full")


class HeadPose(TargetSettings):
    """Yaw, pitch and roll of a head, in degrees."""

    name: Literal["headpose"] = "headpose"
    facts: ClassVar = TaskFacts(
        purpose="Tells where a head looks: yaw, pitch and roll of its square crop, in degrees.",
        reading=(
            "R = Rz(roll) Ry(yaw) Rx(pitch) with x to image right, y up, z towards the camera:\n"
            "positive yaw turns the nose to image right, positive pitch lowers it, positive roll\n"
            "tilts the crown to image left. `std` and `interval` (the central 90 %) are those of\n"
            "the final density. Towards 90 degrees of yaw, pitch and roll turn about the same\n"
            "axis and can't be told apart; this, more than yaw, makes the errors of the full and\n"
            "wide range."
        ),
        limits=LIMITS,
        headline="mae_full_refined",
        test_data=TEST_HEADS,
    )

    def described(self, size: int) -> TrainingTarget:
        """See `TargetSettings`."""
        limits = {"yaw": 100.0, "pitch": 75.0, "roll": 70.0}
        return TrainingTarget(
            name=self.name,
            label="pose",
            values=tuple(Target(name=n, unit="degree", low=-a, high=a) for n, a in limits.items()),
            geometry=HeadAngles(),
            parts=(
                pose_part("usual", 45, 35, 45),
                # Beyond it pitch and roll turn about nearly the same axis and can't be told apart.
                pose_part("full", 75, 60, 50),
                pose_part("wide", 90, 60, 50),
            ),
            facts=self.facts,
        )


class Age(TargetSettings):
    """Age in years."""

    name: Literal["age"] = "age"
    facts: ClassVar = TaskFacts(
        purpose="Estimates the age of the head in a square crop, in years.",
        limits=(
            *LIMITS,
            "It tells how old a face looks, not how old a person is. It is no proof of age, and",
            "must not decide about anybody's access, work, credit, insurance or asylum.",
        ),
        headline="mae_refined",
        test_data=TEST_HEADS,
    )

    def described(self, size: int) -> TrainingTarget:
        """See `TargetSettings`."""
        value = Target(name="age", unit="year", low=0, high=100)
        return TrainingTarget(self.name, "age", (value,), Unchanged(), facts=self.facts)


def box_nme(values: FloatArray, targets: FloatArray) -> FloatArray:
    """Per cent: mean distance of points over the square root of their true box's area."""
    points = targets.reshape(len(targets), -1, 2)
    distance = np.linalg.norm(values.reshape(points.shape) - points, axis=2).mean(axis=1)
    return np.asarray(100 * distance / np.sqrt(np.ptp(points, axis=1).prod(axis=1)), np.float32)


class Landmarks(TargetSettings):
    """Points of the face as x, y pairs in px of the crop; points: 19, 29, 68 or 98."""

    name: Literal["landmarks"] = "landmarks"
    points: int = 68
    facts: ClassVar = TaskFacts(
        purpose=("Places 68 points of the face in a square crop of a head, in pixels of the crop."),
        limits=LIMITS,
        headline="nme_refined",
        test_data=TEST_HEADS,
    )

    @field_validator("points")
    @classmethod
    def _a_known_scheme(cls, points: int) -> int:
        if points not in COUNTS:
            raise ValueError(f"there are schemes of {', '.join(map(str, COUNTS))} points")
        return points

    def described(self, size: int) -> TrainingTarget:
        """See `TargetSettings`."""
        names = [f"{axis}{point}" for point in range(self.points) for axis in "xy"]
        return TrainingTarget(
            name=self.name,
            label="landmarks",
            values=tuple(Target(name=n, unit="px", low=0, high=size) for n in names),
            geometry=ImagePoints(mirror_order(self.points)),
            metrics=(
                Metric(
                    "nme", "%", "mean distance over the square root of the landmarks' box", box_nme
                ),
            ),
            facts=self.facts,
        )


class AnyScalar(TargetSettings):
    """Any number that no view changes: `{name: scalar, label: length_mm, unit: mm, low: 0,
    high: 120}`. label: the data set's array, and the name of the number and of the task."""

    name: Literal["scalar"] = "scalar"
    label: str = Field(min_length=1)
    unit: str = ""
    low: float
    high: float
    facts: ClassVar = TaskFacts()

    def described(self, size: int) -> TrainingTarget:
        """See `TargetSettings`."""
        value = Target(name=self.label, unit=self.unit, low=self.low, high=self.high)
        return TrainingTarget(self.label, self.label, (value,), Unchanged())


class Steering(TargetSettings):
    """The steering angle, which mirroring negates; unit and range are the data set's own."""

    name: Literal["steering"] = "steering"
    unit: str = "degree"
    low: float = -90.0
    high: float = 90.0
    facts: ClassVar = TaskFacts(purpose="Tells how to steer from a picture of the road ahead.")

    def described(self, size: int) -> TrainingTarget:
        """See `TargetSettings`."""
        value = Target(name="steering", unit=self.unit, low=self.low, high=self.high)
        return TrainingTarget(self.name, "steering", (value,), Negated(), facts=self.facts)
