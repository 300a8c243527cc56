"""The head-pose task: square crops round detected heads -> yaw, pitch, roll in degrees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from edgereg.api import (
    Angles,
    Camera,
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
    propose_values,
    region_crops,
)
from edgereg_headpose.marks import pose_marks
from edgereg_headpose.place import NUMBERS, with_places


@dataclass(frozen=True)
class HeadPose:
    """Head pose on the regions of head detection; one candidate a head.

    fov: what the frames show from left to right, in degrees. Where it is given, poses are those
    against the camera's axis, whatever the head's place in the frame, and the place comes with
    them. None: a pose is against the line of sight from the camera to the head.
    """

    name: str = "headpose"
    title: str = "Head pose: yaw, pitch and roll of every head"
    upstream: str | None = "detection"
    model: Path = Path(__file__).parent / "models" / "headpose"
    fov: float | None = None

    def kinds(self, spec: ModelSpec) -> Kinds:
        """Yaw, pitch and roll; with a field of view also x, y and distance."""
        angles = Angles(tuple(target.name for target in spec.targets))
        return (angles,) if self.fov is None else (angles, Scalars(NUMBERS))

    def prepare(self, frame: Frame, regions: Regions | None, spec: ModelSpec) -> Prepared:
        """Crops uint8 [N, size, size, 3]; without regions the whole frame is one head."""
        camera = None if self.fov is None else Camera.of_fov(self.fov, frame.size)
        return region_crops(frame, regions, spec, camera)

    def propose(
        self, outputs: Mapping[str, npt.NDArray[Any]], prepared: Prepared, spec: ModelSpec
    ) -> Proposal:
        """`values`, `std` [B, 3] and `interval` [B, 3, 2], which older models lack -> one candidate
        each, with the features of its image."""
        return propose_values(outputs, spec)

    def conclude(
        self,
        proposal: Proposal,
        refinement: Refinement | None,
        prepared: Prepared,
        spec: ModelSpec,
    ) -> Predictions:
        """The candidates, at the end of their trajectory where they were refined."""
        angles = Angles(tuple(target.name for target in spec.targets))
        found = conclude_values(self.name, (angles,), proposal, refinement, prepared, spec)
        if self.fov is None or prepared.turns is None:
            return found
        camera = Camera.of_fov(self.fov, prepared.frame_size)
        return with_places(found, prepared.turns, camera, self.kinds(spec))

    def marks(self, predictions: Predictions, size: tuple[int, int]) -> Sequence[Mark]:
        """Axes, the nose's path while refining, and the angles as text."""
        return pose_marks(predictions)
