"""The depth task: the whole frame -> a map of metres along the camera's axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from edgereg.api import (
    Frame,
    Kinds,
    Map,
    Mark,
    ModelSpec,
    Predictions,
    Prepared,
    Proposal,
    Refinement,
    Regions,
    conclude_values,
    frame_band,
    propose_values,
)
from edgereg_depth.marks import depth_marks

if TYPE_CHECKING:
    from edgereg.api import FrameResult, PanelItem


@dataclass(frozen=True)
class Depth:
    """A map of the frame, each cell with its standard deviation and 90 % interval.

    Settings of the model that it reads: `map_width` and `map_height`, cells of the map.
    """

    name: str = "depth"
    title: str = "Depth: how far away everything in a room is"
    upstream: str | None = None
    model: Path = Path(__file__).parent / "models" / "depth"

    def kinds(self, spec: ModelSpec) -> Kinds:
        """One map; ValueError where the model does not say how large it is."""
        target = spec.targets[0]
        sides = [int(spec.settings.get(f"map_{side}", 0)) for side in ("height", "width")]
        if min(sides) < 1:
            raise ValueError(f"model '{spec.name}' must have the settings map_width and map_height")
        return (Map(target.name, target.unit, target.low, target.high, *sides),)

    def prepare(self, frame: Frame, regions: Regions | None, spec: ModelSpec) -> Prepared:
        """The whole frame, scaled to the model's size; `regions` are not looked at."""
        return frame_band(frame, spec)

    def propose(
        self, outputs: Mapping[str, npt.NDArray[Any]], prepared: Prepared, spec: ModelSpec
    ) -> Proposal:
        """`values` and `std` [1, D], `interval` [1, D, 2] -> one candidate, the map."""
        return propose_values(outputs, spec)

    def conclude(
        self,
        proposal: Proposal,
        refinement: Refinement | None,
        prepared: Prepared,
        spec: ModelSpec,
    ) -> Predictions:
        """The map and its intervals, within the range that the model was trained on: densities
        reach beyond it."""
        low, high = spec.targets[0].low, spec.targets[0].high
        found = conclude_values(self.name, self.kinds(spec), proposal, refinement, prepared, spec)
        ends = found.intervals
        return replace(
            found,
            values=np.clip(found.values, low, high),
            intervals=None if ends is None else np.clip(ends, low, high),
        )

    def marks(self, predictions: Predictions, size: tuple[int, int]) -> Sequence[Mark]:
        """The map over the frame, near is bright, and the depth of a few places."""
        return depth_marks(predictions, size)

    def panel(
        self, result: FrameResult, row: int | None, chosen: Mapping[str, str]
    ) -> Sequence[PanelItem]:
        """The map alone, how sure it is, and the depths along a row of it."""
        from edgereg_depth.panel import depth_panel

        return depth_panel(result.predictions.get(self.name), row, chosen)
