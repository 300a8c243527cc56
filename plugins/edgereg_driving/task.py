"""The driving task: a band of the whole frame -> the steering angle, positive to the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from edgereg.api import (
    Frame,
    Kinds,
    Mark,
    ModelSpec,
    Predictions,
    Prepared,
    Proposal,
    Refinement,
    Regions,
    Scalars,
    conclude_values,
    frame_band,
    propose_values,
)
from edgereg_driving.marks import steering_marks


@dataclass(frozen=True)
class Driving:
    """Steering from the frame between two shares of its height.

    Settings of the model that it reads: `top` and `bottom` of that band, 0 and 1 where they are
    wanting. The unit of its target is '' for shares of full lock, otherwise 'degree'.
    """

    name: str = "driving"
    title: str = "Driving: the steering angle from a camera that looks ahead"
    upstream: str | None = None
    model: Path = Path(__file__).parent / "models" / "driving"

    def kinds(self, spec: ModelSpec) -> Kinds:
        """The steering angle."""
        return (Scalars(spec.targets),)

    def prepare(self, frame: Frame, regions: Regions | None, spec: ModelSpec) -> Prepared:
        """The band of the frame, scaled to the model's size; `regions` are not looked at."""
        shares = spec.settings.get("top", 0.0), spec.settings.get("bottom", 1.0)
        return frame_band(frame, spec, shares)

    def propose(
        self, outputs: Mapping[str, npt.NDArray[Any]], prepared: Prepared, spec: ModelSpec
    ) -> Proposal:
        """`values` and `std` [1, 1], `interval` [1, 1, 2] where there is one -> one candidate."""
        return propose_values(outputs, spec)

    def conclude(
        self,
        proposal: Proposal,
        refinement: Refinement | None,
        prepared: Prepared,
        spec: ModelSpec,
    ) -> Predictions:
        """The angle, at the end of its trajectory where it was refined."""
        return conclude_values(self.name, self.kinds(spec), proposal, refinement, prepared, spec)

    def marks(self, predictions: Predictions, size: tuple[int, int]) -> Sequence[Mark]:
        """A gauge with the angle, its 90 % interval as a curve's base and a line of text."""
        return steering_marks(predictions, size)
