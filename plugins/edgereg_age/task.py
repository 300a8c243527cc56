"""The age task: square crops round detected heads -> years."""

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
    TextMark,
    conclude_values,
    propose_values,
    region_crops,
)

# The text stands this far below the box, px; head pose writes above it.
BELOW = 44


@dataclass(frozen=True)
class Age:
    """How old each head looks that detection finds: the mean of its density, in years."""

    name: str = "age"
    title: str = "Age: how old every face looks"
    upstream: str | None = "detection"
    model: Path = Path(__file__).parent / "models" / "age"

    def kinds(self, spec: ModelSpec) -> Kinds:
        """Years."""
        return (Scalars(spec.targets),)

    def prepare(self, frame: Frame, regions: Regions | None, spec: ModelSpec) -> Prepared:
        """Crops uint8 [N, size, size, 3]; without regions the whole frame is one head."""
        return region_crops(frame, regions, spec)

    def propose(
        self, outputs: Mapping[str, npt.NDArray[Any]], prepared: Prepared, spec: ModelSpec
    ) -> Proposal:
        """`values`, `std` [B, 1] and `interval` [B, 1, 2]."""
        return propose_values(outputs, spec)

    def conclude(
        self,
        proposal: Proposal,
        refinement: Refinement | None,
        prepared: Prepared,
        spec: ModelSpec,
    ) -> Predictions:
        """One age a head, at the end of its trajectory where it was refined."""
        return conclude_values(self.name, self.kinds(spec), proposal, refinement, prepared, spec)

    def marks(self, predictions: Predictions, size: tuple[int, int]) -> Sequence[Mark]:
        """Years with their 90 % interval, below the head."""
        if predictions.regions is None:
            return []
        marks: list[Mark] = []
        for row, prediction in enumerate(predictions):
            text = f"age {prediction['age']:.0f}"
            interval = prediction.interval("age")
            if interval is not None:
                text += f" ({interval[0]:.0f} to {interval[1]:.0f})"
            box = predictions.regions[row]
            place = np.array([box[0], box[3] + BELOW], np.float32)
            colour = row if predictions.tracks is None else int(predictions.tracks[row])
            marks.append(TextMark(text, place, colour=colour))
        return marks
