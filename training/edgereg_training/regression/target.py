"""A training target: all that edgereg knows about one quantity to regress, described once.

Data, augmentation, scores, evaluation, export and model cards read it from here. The built-in ones
are in `targets`; a plugin adds its own through the hook `edgereg_targets`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic import Field

from edgereg.core.arrays import FloatArray
from edgereg.core.model_spec import Target
from edgereg_training.facts import TaskFacts
from edgereg_training.loop.errors import RecipeError
from edgereg_training.loop.recipe import Strict, parse_named
from edgereg_training.registry import find
from edgereg_training.regression.view import Warp

Mask: TypeAlias = npt.NDArray[np.bool_]
# Beyond so many numbers, an error of each would only fill the log.
MOST_NAMED = 8


class Geometry(Protocol):
    """What a change of view does to a target's numbers."""

    def warped(self, values: FloatArray, warp: Warp) -> FloatArray:
        """The numbers [N, D] of pictures as their crops show them."""
        ...


@dataclass(frozen=True)
class Unchanged:
    """Numbers that no view changes, such as an age."""

    def warped(self, values: FloatArray, warp: Warp) -> FloatArray:
        """See `Geometry`."""
        return values


@dataclass(frozen=True)
class Negated:
    """Numbers that change their sign in a mirror, such as a steering angle."""

    def warped(self, values: FloatArray, warp: Warp) -> FloatArray:
        """See `Geometry`."""
        return np.where(warp.mirrored[:, None], -values, values)


@dataclass(frozen=True)
class HeadAngles:
    """Yaw, pitch and roll in degrees, R = Rz(roll) Ry(yaw) Rx(pitch): turning the picture by a
    degrees adds a to roll, and mirroring negates yaw and roll."""

    def warped(self, values: FloatArray, warp: Warp) -> FloatArray:
        """See `Geometry`."""
        sign = np.where(warp.mirrored, -1, 1)
        yaw, pitch, roll = values.T
        return np.stack([sign * yaw, pitch, sign * roll + warp.turn], axis=1).astype(np.float32)


@dataclass(frozen=True)
class ImagePoints:
    """Points x, y in px, one after another; mirror: the place of each after mirroring."""

    mirror: tuple[int, ...]

    def warped(self, values: FloatArray, warp: Warp) -> FloatArray:
        """See `Geometry`."""
        points = values.reshape(len(values), -1, 2)
        moved = points @ warp.linear.transpose(0, 2, 1) + warp.offset[:, None]
        turned = np.where(warp.mirrored[:, None, None], moved[:, list(self.mirror)], moved)
        return turned.reshape(values.shape).astype(np.float32)


@dataclass(frozen=True)
class Metric:
    """A score of each example, smaller is better; figures are its means.

    score: (values [N, D], targets [N, D]) -> [N]; unit and note: for people.
    """

    name: str
    unit: str
    note: str
    score: Callable[[FloatArray, FloatArray], FloatArray]


@dataclass(frozen=True)
class Part:
    """A part of the data that is scored apart, by its targets [N, D]; note: which it is.

    by_value: whether the error of each number is given as well.
    """

    name: str
    note: str
    holds: Callable[[FloatArray], Mask]
    by_value: bool = False


@dataclass(frozen=True)
class TrainingTarget:
    """One thing to regress.

    name: of the task in `model.json`; label: the array of a data set that holds it; values: name,
    unit and range of each number in crops of the size that it was made for; geometry: what a view
    does to them; metrics: besides the mean absolute errors; parts: of the data, scored apart.
    """

    name: str
    label: str
    values: tuple[Target, ...]
    geometry: Geometry
    metrics: tuple[Metric, ...] = ()
    parts: tuple[Part, ...] = ()
    facts: TaskFacts = field(default_factory=TaskFacts)

    def of_pictures(self, shard: Mapping[str, npt.NDArray[Any]]) -> FloatArray:
        """The numbers [N, D] of a shard's pictures."""
        numbers = np.asarray(shard[self.label], np.float32)
        return numbers.reshape(len(numbers), -1)

    def errors(self, values: FloatArray, targets: FloatArray) -> dict[str, FloatArray]:
        """Errors [N] by name: 'mae' (mean over the numbers), 'mae_<number>' of a few numbers, and
        the target's own metrics."""
        distance = np.abs(values - targets)
        found = {"mae": distance.mean(axis=1)}
        if 1 < len(self.values) <= MOST_NAMED:
            named = zip(self.values, distance.T, strict=True)
            found |= {f"mae_{value.name}": column for value, column in named}
        return found | {metric.name: metric.score(values, targets) for metric in self.metrics}

    def parts_of(self, targets: FloatArray) -> dict[Part, Mask]:
        """Which of the targets [N, D] belong to each part that holds any."""
        masks = {part: part.holds(targets) for part in self.parts}
        return {part: mask for part, mask in masks.items() if mask.any()}


class TargetSettings(Strict):
    """The keys of a recipe's `target` that all targets share, and what a target's class inherits.

    A registered class has `name: Literal[...]`, `described(size)` and, as a class variable, the
    `facts` of its task. ranges: of single numbers, in place of those that the target has.
    """

    facts: ClassVar[TaskFacts] = TaskFacts()
    ranges: dict[str, tuple[float, float]] = Field(default_factory=dict)

    def target(self, size: int) -> TrainingTarget:
        """The target in crops of side `size` px, with the recipe's ranges.

        Raises RecipeError where a range is of no number of the target.
        """
        found = self.described(size)
        return with_ranges(found, self.ranges)

    def described(self, size: int) -> TrainingTarget:
        """The target with its usual ranges."""
        raise NotImplementedError


def with_ranges(
    target: TrainingTarget, ranges: Mapping[str, tuple[float, float]]
) -> TrainingTarget:
    """The target with other ranges of single numbers; RecipeError where it has no such number."""
    names = [value.name for value in target.values]
    for name in ranges:
        if name not in names:
            known = ", ".join(names[:MOST_NAMED])
            raise RecipeError(f"target '{target.name}' has no number '{name}' (it has {known})")
    values = tuple(
        value.model_copy(update=dict(zip(("low", "high"), ranges[value.name], strict=True)))
        if value.name in ranges
        else value
        for value in target.values
    )
    return replace(target, values=values)


def parse_target(options: str | Mapping[str, Any]) -> TargetSettings:
    """The settings of a recipe's `target`, a name or a mapping with the key `name`; RecipeError
    where it is unknown or has a wrong key."""
    given = {"name": options} if isinstance(options, str) else dict(options)
    settings: type[TargetSettings] = find("targets", str(given.get("name")))
    return parse_named("target", settings, given)


def target_of(options: str | Mapping[str, Any], size: int) -> TrainingTarget:
    """The target of a recipe in crops of side `size` px."""
    return parse_target(options).target(size)
