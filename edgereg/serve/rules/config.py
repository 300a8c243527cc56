"""What a configuration may say under `rules`."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field, field_validator, model_validator

from edgereg.serve.strict import Name, Strict

Number = Annotated[float, Field(allow_inf_nan=False)]
Point = tuple[Number, Number]
Seconds = Annotated[float, Field(ge=0, le=86_400)]


class Rule(Strict):
    """What every rule has.

    sources: where it holds; none: wherever the task runs. task: whose results it reads. every: at
    least so many seconds between two events of a track. gone: a track that is not seen for so many
    seconds has left. events: which ones are told; none: all.
    """

    possible: ClassVar[frozenset[str]] = frozenset()

    sources: tuple[Name, ...] = ()
    task: str
    every: Seconds = 0.0
    gone: Seconds = 1.0
    events: tuple[str, ...] = ()

    @field_validator("events")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = next((each for each in value if each not in cls.possible), None)
        if unknown is not None:
            raise ValueError(f"no event '{unknown}'; there are: {', '.join(sorted(cls.possible))}")
        return value


class _Placed(Rule):
    """of: the point of a box that counts, its centre or the middle of its lower edge ('foot').

    units: of points and margins, 'pixels' of the frame, or 'shares' of its width and height (a
    margin's, of its width). margin: how far past the edge a point must be to have crossed it.
    """

    of: Literal["centre", "foot"] = "centre"
    units: Literal["pixels", "shares"] = "pixels"
    margin: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0


class RegionRule(_Placed):
    """On entering and leaving a region: `zone`, a polygon, or `roi`, (x, y, width, height).

    dwell: also once after so many seconds inside.
    """

    possible = frozenset({"enter", "leave", "dwell"})

    when: Literal["region"]
    zone: tuple[Point, ...] | None = None
    roi: (
        tuple[Number, Number, Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]] | None
    ) = None
    dwell: Seconds | None = None

    @field_validator("zone")
    @classmethod
    def _polygon(cls, value: tuple[Point, ...] | None) -> tuple[Point, ...] | None:
        if value is not None and (len(value) < 3 or _area(value) == 0):
            raise ValueError("needs three corners at least, which are not all on one line")
        return value

    @model_validator(mode="after")
    def _one_of_both(self) -> RegionRule:
        if (self.zone is None) == (self.roi is None):
            raise ValueError("name a zone (corners) or a roi (x, y, width, height), and not both")
        return self

    @property
    def corners(self) -> tuple[Point, ...]:
        """Of the polygon, or of the rectangle."""
        if self.zone is not None or self.roi is None:
            return self.zone or ()
        x, y, width, height = self.roi
        return ((x, y), (x + width, y), (x + width, y + height), (x, y + height))


class LineRule(_Placed):
    """On crossing the line from `start` to `end`, seen by somebody who looks along it.

    direction: 'left' or 'right', the side that is reached, or 'any'.
    """

    possible = frozenset({"left", "right"})

    when: Literal["line"]
    start: Point
    end: Point
    direction: Literal["any", "left", "right"] = "any"

    @model_validator(mode="after")
    def _a_line(self) -> LineRule:
        if self.start == self.end:
            raise ValueError("start and end are the same point")
        return self


class ThresholdRule(Rule):
    """On values that come into their ranges, and leave them.

    values: {name: [low, high]}, either end may be null; all must hold. release: how far outside of
    its range a value must be to have left it. probability: what the density must give for the
    ranges, instead of asking where the value is; release_probability: below it they are left.
    seconds: how long it must hold before it is told.
    """

    possible = frozenset({"begin", "end"})

    when: Literal["threshold"]
    values: dict[str, tuple[Number | None, Number | None]] = Field(min_length=1)
    release: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    probability: float | None = Field(None, gt=0, lt=1)
    release_probability: float | None = Field(None, gt=0, lt=1)
    seconds: Seconds = 0.0

    @field_validator("values")
    @classmethod
    def _ranges(
        cls, value: dict[str, tuple[float | None, float | None]]
    ) -> dict[str, tuple[float | None, float | None]]:
        for name, (low, high) in value.items():
            if low is None and high is None:
                raise ValueError(f"{name}: one end of the range must be a number")
            if low is not None and high is not None and low >= high:
                raise ValueError(f"{name}: {low:g} must be below {high:g}")
        return value

    @model_validator(mode="after")
    def _probabilities(self) -> ThresholdRule:
        if self.probability is None and self.release_probability is not None:
            raise ValueError("release_probability needs a probability")
        if self.probability is not None and self.release:
            raise ValueError("with a probability it is release_probability that says when it ends")
        if (
            self.probability is not None
            and self.release_probability is not None
            and self.release_probability > self.probability
        ):
            raise ValueError("release_probability can't be above probability")
        return self


class ChangeRule(Rule):
    """On a change `of` a track's 'label' or 'state', of a value, or of the 'count' of predictions.

    by: how far a number must be from the one last told.
    """

    possible = frozenset({"change"})

    when: Literal["change"]
    of: str
    by: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0


class ResultsRule(Rule):
    """On every result, but at most one in `every` seconds."""

    possible = frozenset({"result"})

    when: Literal["results"]
    every: Annotated[float, Field(gt=0, le=86_400)]


RuleConfig: TypeAlias = Annotated[
    RegionRule | LineRule | ThresholdRule | ChangeRule | ResultsRule, Field(discriminator="when")
]


def _area(corners: tuple[Point, ...]) -> float:
    """Of a polygon, twice, without its sign."""
    pairs = zip(corners, (*corners[1:], corners[0]), strict=True)
    return abs(math.fsum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs))
