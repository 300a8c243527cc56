"""The driving task: a band of the whole frame -> the steering angle, positive to the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
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
    band,
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
        wide, high = spec.input.width, spec.input.height
        if wide is None or high is None:
            raise ValueError(f"model '{spec.name}' must take images of a fixed size")
        shares = spec.settings.get("top", 0.0), spec.settings.get("bottom", 1.0)
        image, top, bottom = band(frame.image, shares, (wide, high))
        width, _ = frame.size
        return Prepared(
            images=image[None],
            origin=np.array([[0, top]], np.float32),
            scale=np.array([[wide / width, high / (bottom - top)]], np.float32),
            regions=None,
            frame_size=frame.size,
        )

    def propose(
        self, outputs: Mapping[str, npt.NDArray[Any]], prepared: Prepared, spec: ModelSpec
    ) -> Proposal:
        """`values` and `std` [1, 1], `interval` [1, 1, 2] where there is one -> one candidate."""
        interval = outputs.get("interval")
        return Proposal(
            initial=np.asarray(outputs["values"], np.float32)[:, None],
            scores=np.ones((1, 1), np.float32),
            features={name: outputs[name] for name in spec.features},
            std=np.asarray(outputs["std"], np.float32)[:, None],
            intervals=None if interval is None else np.asarray(interval, np.float32)[:, None],
        )

    def conclude(
        self,
        proposal: Proposal,
        refinement: Refinement | None,
        prepared: Prepared,
        spec: ModelSpec,
    ) -> Predictions:
        """The angle, at the end of its trajectory where it was refined."""
        return Predictions(
            task=self.name,
            model=spec.name,
            kinds=self.kinds(spec),
            values=proposal.initial[:, 0] if refinement is None else refinement.final,
            scores=proposal.scores[:, 0],
            std=None if proposal.std is None else proposal.std[:, 0],
            refinement=refinement,
            features=proposal.features,
            intervals=None if proposal.intervals is None else proposal.intervals[:, 0],
        )

    def marks(self, predictions: Predictions, size: tuple[int, int]) -> Sequence[Mark]:
        """A gauge with the angle, its 90 % interval as a curve's base and a line of text."""
        return steering_marks(predictions, size)
