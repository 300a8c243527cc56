"""Kinds: what the values of a prediction are.

A task declares once which kinds it gives. Sinks, tables, painters, the density view and the window
read them; nothing is guessed from names, units or widths.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from edgereg.core.model_spec import Target


@dataclass(frozen=True)
class ValueSpec:
    """One named value of a prediction: a number (`size` 1) or a flat list of `size` numbers."""

    name: str
    unit: str
    size: int = 1


CORNERS = ("x1", "y1", "x2", "y2")


@dataclass(frozen=True)
class Boxes:
    """A box (x1, y1, x2, y2) in frame pixels; `classes` names what may be inside.

    `Predictions.labels` holds each box's index into `classes`. Tasks downstream look at the boxes.
    """

    classes: tuple[str, ...] = ()

    @property
    def values(self) -> tuple[ValueSpec, ...]:
        """The four edges, px."""
        return tuple(ValueSpec(name, "px") for name in CORNERS)


@dataclass(frozen=True)
class Points:
    """Named points (x, y) in frame pixels, one value `points` with x, y, x, y, ...

    skeleton: pairs of indices into `names` that are drawn as lines. sure: a point counts as seen
    where its standard deviation is at most this share of the longer side of its region; None: all.
    """

    names: tuple[str, ...]
    skeleton: tuple[tuple[int, int], ...] = ()
    sure: float | None = None

    @property
    def values(self) -> tuple[ValueSpec, ...]:
        """One list of 2 * len(names) numbers, px."""
        return (ValueSpec("points", "px", 2 * len(self.names)),)


@dataclass(frozen=True)
class Angles:
    """Angles in degrees. yaw, pitch and roll together are a rotation (`geometry`)."""

    names: tuple[str, ...] = ("yaw", "pitch", "roll")

    @property
    def values(self) -> tuple[ValueSpec, ...]:
        """One number an angle, degrees."""
        return tuple(ValueSpec(name, "degree") for name in self.names)

    @property
    def is_rotation(self) -> bool:
        """Whether the angles are yaw, pitch and roll, in this order."""
        return self.names == ("yaw", "pitch", "roll")


@dataclass(frozen=True)
class Scalars:
    """Plain numbers, each with a name, a unit and the range [low, high] it was trained on."""

    numbers: tuple[Target, ...]

    @property
    def values(self) -> tuple[ValueSpec, ...]:
        """One number each."""
        return tuple(ValueSpec(number.name, number.unit) for number in self.numbers)


@dataclass(frozen=True)
class Map:
    """A picture of numbers, row by row, such as a depth map.

    height, width: of the map; it is stretched over the region, or over the whole frame.
    """

    name: str
    unit: str
    low: float
    high: float
    height: int
    width: int

    @property
    def values(self) -> tuple[ValueSpec, ...]:
        """One list of height * width numbers."""
        return (ValueSpec(self.name, self.unit, self.height * self.width),)


Kind: TypeAlias = Boxes | Points | Angles | Scalars | Map
Kinds: TypeAlias = tuple[Kind, ...]


def scalar(name: str, unit: str = "", low: float = 0.0, high: float = 1.0) -> Scalars:
    """One number as a kind."""
    return Scalars((Target(name=name, unit=unit, low=low, high=high),))


def specs_of(kinds: Iterable[Kind]) -> tuple[ValueSpec, ...]:
    """The named values of all kinds, in the order of the columns."""
    return tuple(spec for kind in kinds for spec in kind.values)


def columns_of(kinds: Iterable[Kind], name: str) -> slice:
    """Columns of the value called `name`. Raises KeyError where no kind has it."""
    start = 0
    known = []
    for spec in specs_of(kinds):
        if spec.name == name:
            return slice(start, start + spec.size)
        known.append(spec.name)
        start += spec.size
    raise KeyError(f"no value '{name}'; there are: {', '.join(known)}")
