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
    FloatArray,
    Image,
    Mark,
    ModelSpec,
    PointsMark,
    Predictions,
    Prepared,
    Proposal,
    Refinement,
    Task,
    ValueSpec,
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

    def prepare(self, frame: Image, regions: FloatArray | None, spec: ModelSpec) -> Prepared:
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
            specs=tuple(ValueSpec(target.name, target.unit) for target in spec.targets),
            values=values / scale + origin,
            scores=proposal.scores[:, 0],
            regions=prepared.regions,
            std=None if std is None else std[:, 0] / scale,
            features=proposal.features,
            to_graph=(scale, -origin * scale),
        )

    def regions(self, predictions: Predictions) -> FloatArray:
        """The heads' boxes."""
        return self.crops.regions(predictions)

    def marks(self, predictions: Predictions) -> Sequence[Mark]:
        """Dots."""
        return [PointsMark(row.reshape(-1, 2), 1.5) for row in predictions.values]


@hookimpl
def edgereg_tasks() -> list[Task]:
    """The one task."""
    return [Landmarks()]
