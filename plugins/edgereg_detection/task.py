"""The detection task: a whole frame -> boxes of heads, or of a model's own classes, in pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgereg.api import (
    Boxes,
    FloatArray,
    Frame,
    Kinds,
    Mark,
    ModelSpec,
    Predictions,
    Prepared,
    Proposal,
    Refinement,
    Regions,
    asked_scores,
    clip_boxes,
    letterbox,
)
from edgereg_detection.marks import box_marks
from edgereg_detection.suppression import suppress

# Used where a model's settings do not say otherwise.
SCORE_THRESHOLD = 0.4
NMS_IOU = 0.5
MAX_CANDIDATES = 300


@dataclass(frozen=True)
class Detection:
    """Boxes in a frame: candidates over a score, without duplicates, the best `max_candidates`.

    Boxes of different classes do not suppress each other. Settings of the model that it reads:
    `score_threshold` and `nms_iou` in [0, 1]; `large_score_threshold`, which stands in its place
    for boxes higher than `large_height`, a share of the picture's longer side, since hardly
    anything but a head is taken for one as large; `max_candidates`; and `guided_nms`: where that
    is not 0, every candidate is refined, and those of greatest energy f(x, y) lead the
    suppression, as in the EBM paper (supplement, B.3).
    """

    name: str = "detection"
    title: str = "Head detection: a box round every head"
    upstream: str | None = None
    model: Path = Path(__file__).parent / "models" / "heads"

    def kinds(self, spec: ModelSpec) -> Kinds:
        """Boxes, of the model's classes where it names any."""
        return (Boxes(spec.classes),)

    def prepare(self, frame: Frame, regions: Regions | None, spec: ModelSpec) -> Prepared:
        """The frame as one letterboxed picture; `regions` are not looked at."""
        image, (scale_x, scale_y) = letterbox(
            frame.image, spec.input.long_side, spec.input.multiple
        )
        return Prepared(
            images=image[None],
            origin=np.zeros((1, 2), np.float32),
            scale=np.array([[scale_x, scale_y]], np.float32),
            regions=None,
            frame_size=frame.size,
        )

    def propose(
        self, outputs: Mapping[str, npt.NDArray[Any]], prepared: Prepared, spec: ModelSpec
    ) -> Proposal:
        """`boxes` [1, C, 4], `scores` [1, C] and, with classes, `labels` [1, C] -> [1, K, 4] in
        image pixels, best first."""
        boxes, scores = outputs["boxes"][0], outputs["scores"][0]
        longer = max(prepared.images.shape[1:3])
        needed = asked_scores(boxes, longer, spec.settings, SCORE_THRESHOLD)
        good = np.flatnonzero((scores >= needed) & np.isfinite(boxes).all(axis=1))
        labels = outputs["labels"][0] if "labels" in outputs else np.zeros(len(scores), np.int64)
        most = int(spec.settings.get("max_candidates", MAX_CANDIDATES))
        # Where the energy leads the suppression, it has the last word on every candidate.
        overlap = 1.0 if spec.settings.get("guided_nms") else spec.settings.get("nms_iou", NMS_IOU)
        kept = suppress(boxes[good], scores[good], scores[good], labels[good], overlap)[0][:most]
        chosen = good[kept]
        return Proposal(
            initial=boxes[chosen][None].astype(np.float32),
            scores=scores[chosen][None].astype(np.float32),
            features={name: outputs[name] for name in spec.features},
            labels=labels[chosen][None] if "labels" in outputs else None,
        )

    def conclude(
        self,
        proposal: Proposal,
        refinement: Refinement | None,
        prepared: Prepared,
        spec: ModelSpec,
    ) -> Predictions:
        """Boxes (x1, y1, x2, y2) in frame pixels, without those that climbed onto a better one."""
        final = proposal.initial[0] if refinement is None else refinement.final
        scores = proposal.scores[0]
        labels = None if proposal.labels is None else proposal.labels[0]
        leads = scores
        if refinement is not None and spec.settings.get("guided_nms"):
            leads = refinement.energy[:, -1]
        kinds = np.zeros(len(scores), np.int64) if labels is None else labels
        overlap = spec.settings.get("nms_iou", NMS_IOU)
        kept, scores = suppress(final, leads, scores, kinds, overlap)
        if refinement is not None:
            paths = to_frame(refinement.trajectory[kept], prepared)
            refinement = Refinement(paths, refinement.energy[kept])
        return Predictions(
            task=self.name,
            model=spec.name,
            kinds=self.kinds(spec),
            values=to_frame(final[kept], prepared),
            scores=scores,
            refinement=refinement,
            features=proposal.features,
            to_graph=_to_image(prepared, len(kept)),
            labels=None if labels is None else labels[kept],
        )

    def marks(self, predictions: Predictions, size: tuple[int, int]) -> Sequence[Mark]:
        """Final and initial box, the path between them, and the score."""
        return box_marks(predictions)


def to_frame(boxes: FloatArray, prepared: Prepared) -> FloatArray:
    """Boxes [..., 4] from image pixels to frame pixels, clipped to the frame."""
    scale, origin = np.tile(prepared.scale[0], 2), np.tile(prepared.origin[0], 2)
    moved = (boxes / scale + origin).astype(np.float32)
    return clip_boxes(moved.reshape(-1, 4), *prepared.frame_size).reshape(boxes.shape)


def _to_image(prepared: Prepared, count: int) -> tuple[FloatArray, FloatArray]:
    """Scale and offset, each [count, 4], from boxes in frame pixels to image pixels."""
    scale, origin = np.tile(prepared.scale[0], 2), np.tile(prepared.origin[0], 2)
    return np.tile(scale, (count, 1)), np.tile(-origin * scale, (count, 1))
