"""Validation during training: AP of the network on whole scenes, in PyTorch."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from edgereg.core.geometry import letterbox, nms
from edgereg_training.detection.average_precision import PictureResult, average_precision, match
from edgereg_training.detection.calibration import Held, matched
from edgereg_training.detection.model import HeadModel, Predictor
from edgereg_training.detection.scene import Scene
from edgereg_training.detection.scenes import SceneSet

BATCH = 16
MULTIPLE = 32
NMS_IOU = 0.5


def validate(model: HeadModel, scenes: SceneSet) -> dict[str, float]:
    """ap50, ap75 and error = 1 - their mean, without refinement. The model is in eval mode."""
    results = _results(Predictor(model.detector).eval(), scenes)
    ap50, ap75 = (average_precision(match(results, iou)) for iou in (0.5, 0.75))
    return {"ap50": ap50, "ap75": ap75, "error": 1 - (ap50 + ap75) / 2}


def _results(predictor: Predictor, scenes: SceneSet) -> list[PictureResult]:
    results: list[PictureResult] = []
    for batch in batches(scenes):
        images = np.stack([letterbox(scene.image, None, MULTIPLE)[0] for scene in batch])
        boxes, scores, _ = predictor(torch.from_numpy(images))
        for scene, found, score in zip(batch, boxes.numpy(), scores.numpy(), strict=True):
            kept = nms(found, score, NMS_IOU)
            results.append(PictureResult(found[kept], score[kept], scene.boxes, scene.ignored))
    return results


@torch.no_grad()
def found_heads(model: HeadModel, scenes: SceneSet, threshold: float) -> Iterator[Held]:
    """The heads that the network finds with at least this score, and their labels."""
    predictor = Predictor(model.detector).eval()
    for batch in batches(scenes):
        images = np.stack([letterbox(scene.image, None, MULTIPLE)[0] for scene in batch])
        boxes, scores, features = predictor(torch.from_numpy(images))
        for row, scene in enumerate(batch):
            good = scores[row] >= threshold
            found = boxes[row][good].numpy()
            kept = found[nms(found, scores[row][good].numpy(), NMS_IOU)]
            yield matched(features[row : row + 1], kept, scene.boxes, scene.ignored)


def batches(scenes: SceneSet) -> Iterator[list[Scene]]:
    """Neighbouring scenes of one size together."""
    batch: list[Scene] = []
    for scene in scenes.scenes:
        if batch and (len(batch) == BATCH or batch[0].image.shape != scene.image.shape):
            yield batch
            batch = []
        batch.append(scene)
    if batch:
        yield batch
