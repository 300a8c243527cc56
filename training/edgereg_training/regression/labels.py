"""What can be regressed from rendered heads: targets with units, and how geometry changes them.

`headpose` (yaw, pitch, roll in degrees), `age` (years) and `landmarks` (68 points as x, y pairs in
pixels of the crop). Rendered roads carry no steering angle, so there is no such label here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from edgereg.core.model_spec import Target
from edgereg_training.loop.errors import RecipeError
from edgereg_training.regression.view import View

FloatArray = npt.NDArray[np.float32]
Kind = Literal["pose", "scalar", "points"]
# Place of each of the 68 landmarks after mirroring.
MIRRORED_POINTS = np.concatenate(
    [
        np.arange(16, -1, -1),
        np.arange(26, 16, -1),
        np.arange(27, 31),
        np.arange(35, 30, -1),
        [45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40],
        np.arange(54, 47, -1),
        np.arange(59, 54, -1),
        np.arange(64, 59, -1),
        np.arange(67, 64, -1),
    ]
)


@dataclass(frozen=True)
class Label:
    """One kind of target. key: its array in the shards; targets: names, units and ranges."""

    name: str
    key: str
    kind: Kind
    targets: tuple[Target, ...]

    def of_pictures(self, shard: Mapping[str, npt.NDArray[Any]]) -> FloatArray:
        """Targets [N, D] of the pictures of a shard."""
        values = np.asarray(shard[self.key], np.float32)
        return values.reshape(len(values), -1)

    def of_crops(
        self, shard: Mapping[str, npt.NDArray[Any]], origin: FloatArray, zoom: FloatArray
    ) -> FloatArray:
        """Targets [N, D] of crops that show image = (picture - origin) * zoom, both [N, 2]."""
        values = self.of_pictures(shard)
        if self.kind != "points":
            return values
        points = values.reshape(len(values), -1, 2)
        return ((points - origin[:, None]) * zoom[:, None]).reshape(values.shape)

    def seen(self, targets: FloatArray, view: View, size: int) -> FloatArray:
        """Targets [D] of one picture as a crop of side `size` of this view shows them.

        Turning by a degrees adds a to roll, because R = Rz(roll) Ry(yaw) Rx(pitch); mirroring
        negates yaw and roll.
        """
        if self.kind == "pose":
            sign = -1.0 if view.mirrored else 1.0
            yaw, pitch, roll = (float(angle) for angle in targets)
            return np.array([sign * yaw, pitch, sign * roll + view.turn], np.float32)
        if self.kind == "scalar":
            return targets
        points = view.points(targets.reshape(-1, 2), size).astype(np.float32)
        return (points[MIRRORED_POINTS] if view.mirrored else points).reshape(-1)

    def moved(self, targets: FloatArray, shift: FloatArray) -> FloatArray:
        """Targets [N, D] where the crop's origin moves by `shift` [N, 2] px (x, y)."""
        if self.kind != "points":
            return targets
        return targets - np.tile(shift, targets.shape[1] // 2)

    def mirrored(self, targets: FloatArray, size: int) -> FloatArray:
        """Targets [N, D] of crops of side `size` shown left for right."""
        if self.kind == "pose":
            return targets * np.array([-1, 1, -1], np.float32)
        if self.kind == "scalar":
            return targets
        points = targets.reshape(len(targets), -1, 2)[:, MIRRORED_POINTS]
        turned = np.stack([size - points[..., 0], points[..., 1]], axis=-1)
        return turned.reshape(targets.shape)


def label_of(name: str, size: int) -> Label:
    """The label of a recipe's `target`, for crops of side `size` px; RecipeError if unknown."""
    if name == "headpose":
        limits = {"yaw": 100.0, "pitch": 75.0, "roll": 70.0}
        targets = [Target(name=n, unit="degree", low=-a, high=a) for n, a in limits.items()]
        return Label(name, "pose", "pose", tuple(targets))
    if name == "age":
        return Label(name, "age", "scalar", (Target(name="age", unit="year", low=0, high=100),))
    if name == "landmarks":
        names = [f"{axis}{point}" for point in range(68) for axis in "xy"]
        targets = [Target(name=n, unit="px", low=0, high=size) for n in names]
        return Label(name, "landmarks", "points", tuple(targets))
    raise RecipeError(f"unknown target '{name}' in the recipe (known: age, headpose, landmarks)")
