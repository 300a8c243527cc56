"""The landmarks task: square crops round detected heads -> 68 points in pixels of the frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgereg.api import (
    FloatArray,
    Frame,
    FrameResult,
    Kinds,
    Mark,
    ModelSpec,
    PanelItem,
    Points,
    Predictions,
    Prepared,
    Proposal,
    Refinement,
    Regions,
    Scalars,
    normal_interval,
    propose_values,
    region_crops,
)
from edgereg_landmarks.face import JAW, NAMES, SEEN, SEEN_SHARE, SKELETON, SURE, UNSEEN
from edgereg_landmarks.marks import face_marks
from edgereg_landmarks.openness import NUMBERS, openness
from edgereg_landmarks.panel import face_panel


@dataclass(frozen=True)
class Landmarks:
    """68 points on the regions of head detection, and how far eyes and mouth are open."""

    name: str = "landmarks"
    title: str = "Landmarks: 68 points of every face"
    upstream: str | None = "detection"
    model: Path = Path(__file__).parent / "models" / "landmarks"

    def kinds(self, spec: ModelSpec) -> Kinds:
        """The points, then the openings that follow from them."""
        return (Points(NAMES, SKELETON, SURE), Scalars(NUMBERS))

    def prepare(self, frame: Frame, regions: Regions | None, spec: ModelSpec) -> Prepared:
        """Crops uint8 [N, size, size, 3]; without regions the whole frame is one head."""
        return region_crops(frame, regions, spec)

    def propose(
        self, outputs: Mapping[str, npt.NDArray[Any]], prepared: Prepared, spec: ModelSpec
    ) -> Proposal:
        """`values`, `std` [B, 136] and `interval` [B, 136, 2] in pixels of the crop."""
        return propose_values(outputs, spec)

    def conclude(
        self,
        proposal: Proposal,
        refinement: Refinement | None,
        prepared: Prepared,
        spec: ModelSpec,
    ) -> Predictions:
        """Points in pixels of the frame, with the openings, and whether the face is seen; these
        models have no refinement."""
        repeats = (1, len(NAMES))
        scale, origin = np.tile(prepared.scale, repeats), np.tile(prepared.origin, repeats)
        points = proposal.initial[:, 0] / scale + origin
        std = None if proposal.std is None else proposal.std[:, 0] / scale
        ratios, spread = openness(
            points.reshape(-1, len(NAMES), 2),
            None if std is None else std.reshape(-1, len(NAMES), 2),
        )
        intervals = None
        if proposal.intervals is not None and spread is not None:
            ends = proposal.intervals[:, 0] / scale[..., None] + origin[..., None]
            numbers = normal_interval(ratios, spread)
            intervals = np.concatenate([ends, numbers], 1).astype(np.float32)
        found = Predictions(
            task=self.name,
            model=spec.name,
            kinds=self.kinds(spec),
            values=_beside(points, ratios),
            scores=proposal.scores[:, 0],
            regions=prepared.regions,
            std=None if std is None or spread is None else _beside(std, spread),
            intervals=intervals,
        )
        shares = found.seen[:, JAW.last + 1 :].mean(1)
        return replace(found, states=tuple(SEEN if s >= SEEN_SHARE else UNSEEN for s in shares))

    def marks(self, predictions: Predictions, size: tuple[int, int]) -> Sequence[Mark]:
        """A face of lines."""
        return face_marks(predictions)

    def panel(
        self, result: FrameResult, row: int | None, chosen: Mapping[str, str]
    ) -> Sequence[PanelItem]:
        """The face looked at from near, or a part of it, and its openings."""
        return face_panel(self.name, result, row, chosen)


def _beside(points: FloatArray, numbers: FloatArray) -> FloatArray:
    """float32 [N, 136 + 3]."""
    return np.concatenate([points, numbers], 1).astype(np.float32)
