"""The whole head model: detector and energy, from pictures to ranked boxes."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import pad

from edgereg_training.detection.energy import BoxEnergyNet
from edgereg_training.detection.network import DetectorConfig, HeadDetector, RawDetections

# The runtime keeps at most as many heads; a crowd gives several candidates a head.
TOP = 500


class HeadModel(nn.Module):
    """Detector and energy with their weights in one state."""

    def __init__(self, config: DetectorConfig) -> None:
        super().__init__()
        self.detector = HeadDetector(config)
        self.energy = BoxEnergyNet(config.features, config.pool, config.hidden)


class Predictor(nn.Module):
    """The `predict` graph: uint8 [B, H, W, 3] RGB, sides multiples of 32 -> the best candidates.

    Returns boxes float32 [B, 500, 4] (x1, y1, x2, y2 in image pixels), scores [B, 500] in [0, 1],
    best first, before any suppression, and features [B, C, H/8, W/8] for the energy.
    """

    def __init__(self, detector: HeadDetector) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        raw = self.detector(normalised(images))
        boxes, scores = best_candidates(raw)
        return boxes, scores, raw.features


def normalised(images: Tensor) -> Tensor:
    """uint8 [B, H, W, 3] -> float32 [B, 3, H, W] in [-1, 1]."""
    return images.float().permute(0, 3, 1, 2) / 127.5 - 1


def best_candidates(raw: RawDetections, count: int = TOP) -> tuple[Tensor, Tensor]:
    """The `count` boxes [B, count, 4] of greatest score [B, count]; a small picture pads with
    score 0."""
    scores = pad(raw.logits.sigmoid(), (0, count))
    boxes = pad(raw.boxes, (0, 0, 0, count))
    top, order = scores.topk(count, dim=1)
    return boxes.gather(1, order[..., None].expand(-1, -1, 4)), top
