"""The head-pose task: square crops round detected heads -> yaw, pitch, roll in degrees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgereg.api import (
    Angles,
    Frame,
    Kinds,
    Mark,
    ModelSpec,
    Predictions,
    Prepared,
    Proposal,
    Refinement,
    Regions,
    square_crops,
)
from edgereg_headpose.marks import pose_marks


@dataclass(frozen=True)
class HeadPose:
    """Head pose on the regions of head detection; one candidate a head."""

    name: str = "headpose"
    title: str = "Head pose: yaw, pitch and roll of every head"
    upstream: str | None = "detection"
    model: Path = Path(__file__).parent / "models" / "headpose"

    def kinds(self, spec: ModelSpec) -> Kinds:
        """Yaw, pitch and roll."""
        return (Angles(tuple(target.name for target in spec.targets)),)

    def prepare(self, frame: Frame, regions: Regions | None, spec: ModelSpec) -> Prepared:
        """Crops uint8 [N, size, size, 3]; without regions the whole frame is one head."""
        boxes = np.array([[0, 0, *frame.size]], np.float32) if regions is None else regions.boxes
        size = spec.input.width
        if size is None or spec.input.height != size:
            raise ValueError(f"model '{spec.name}' must take square images of a fixed size")
        images, origin, scale = square_crops(frame.image, boxes, size, spec.input.crop_scale)
        return Prepared(images, origin, scale, boxes, frame.size)

    def propose(
        self, outputs: Mapping[str, npt.NDArray[Any]], prepared: Prepared, spec: ModelSpec
    ) -> Proposal:
        """`values` and `std` [B, 3] -> one candidate each, with the features of its image."""
        values = np.asarray(outputs["values"], np.float32)
        return Proposal(
            initial=values[:, None],
            scores=np.ones((len(values), 1), np.float32),
            features={name: outputs[name] for name in spec.features},
            std=np.asarray(outputs["std"], np.float32)[:, None],
        )

    def conclude(
        self,
        proposal: Proposal,
        refinement: Refinement | None,
        prepared: Prepared,
        spec: ModelSpec,
    ) -> Predictions:
        """The candidates, at the end of their trajectory where they were refined."""
        values = refinement.final if refinement is not None else proposal.initial[:, 0]
        return Predictions(
            task=self.name,
            model=spec.name,
            kinds=self.kinds(spec),
            values=values,
            scores=proposal.scores[:, 0],
            regions=prepared.regions,
            std=None if proposal.std is None else proposal.std[:, 0],
            refinement=refinement,
            features=proposal.features,
            intervals=None if proposal.intervals is None else proposal.intervals[:, 0],
        )

    def marks(self, predictions: Predictions, size: tuple[int, int]) -> Sequence[Mark]:
        """Axes, the nose's path while refining, and the angles as text."""
        return pose_marks(predictions)
