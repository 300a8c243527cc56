"""A task for models of the target `landmarks`: 68 points of every head that detection finds.

edgereg bundles no such task and no model for it yet, so `every_method.py` brings this plugin along.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from edgereg_headpose.task import HeadPose

from edgereg.api import (
    Frame,
    Kinds,
    Mark,
    ModelSpec,
    Points,
    PointsMark,
    Predictions,
    Prepared,
    Proposal,
    Refinement,
    Regions,
    Task,
    hookimpl,
)


@dataclass(frozen=True)
class Landmarks:
    """Points in pixels of the crop -> points in pixels of the frame; no refinement."""

    name: str = "landmarks"
    title: str = "Landmarks of every head"
    upstream: str | None = "detection"
    model: Path = Path("no-bundled-model")
    crops: HeadPose = field(default_factory=HeadPose)

    def kinds(self, spec: ModelSpec) -> Kinds:
        """Points without names."""
        return (Points(tuple(str(number) for number in range(len(spec.targets) // 2))),)

    def prepare(self, frame: Frame, regions: Regions | None, spec: ModelSpec) -> Prepared:
        """The crops of head pose."""
        return self.crops.prepare(frame, regions, spec)

    def propose(
        self, outputs: Mapping[str, npt.NDArray[Any]], prepared: Prepared, spec: ModelSpec
    ) -> Proposal:
        """One candidate a head."""
        return self.crops.propose(outputs, prepared, spec)

    def conclude(
        self,
        proposal: Proposal,
        refinement: Refinement | None,
        prepared: Prepared,
        spec: ModelSpec,
    ) -> Predictions:
        """The candidates, in pixels of the frame."""
        values, std = proposal.initial[:, 0], proposal.std
        repeats = (1, values.shape[1] // 2)
        scale, origin = np.tile(prepared.scale, repeats), np.tile(prepared.origin, repeats)
        return Predictions(
            task=self.name,
            model=spec.name,
            kinds=self.kinds(spec),
            values=values / scale + origin,
            scores=proposal.scores[:, 0],
            regions=prepared.regions,
            std=None if std is None else std[:, 0] / scale,
            features=proposal.features,
            to_graph=(scale, -origin * scale),
        )

    def marks(self, predictions: Predictions, size: tuple[int, int]) -> Sequence[Mark]:
        """Dots."""
        return [PointsMark(row.reshape(-1, 2), 1.5) for row in predictions.values]


@hookimpl
def edgereg_tasks() -> list[Task]:
    """The one task."""
    return [Landmarks()]
