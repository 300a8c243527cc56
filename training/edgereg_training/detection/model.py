"""The whole head model: detector and energy, from pictures to ranked boxes."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, pad

from edgereg_training.detection.energy import BoxEnergyNet
from edgereg_training.detection.network import DetectorConfig, HeadDetector

# The runtime keeps at most as many heads; a crowd gives several candidates a head.
TOP = 500
MULTIPLE = 32
# The second look: how much smaller it is, and from which height on it answers for a box, as shares
# of the picture's longer side between which its word gains weight.
SECOND, SECOND_FROM = 3, (0.35, 0.5)


class HeadModel(nn.Module):
    """Detector and energy with their weights in one state."""

    def __init__(self, config: DetectorConfig) -> None:
        super().__init__()
        self.detector = HeadDetector(config)
        self.energy = BoxEnergyNet(config.features, config.pool, config.hidden)


class Predictor(nn.Module):
    """The `predict` graph: uint8 [B, H, W, 3] RGB, sides multiples of 32 -> the best candidates.

    second_look: look again at the picture at a third of its size, where a head that fills it is as
    large as the network knows heads; a tenth more to compute. Returns boxes float32 [B, 500, 4]
    (x1, y1, x2, y2 in image pixels), scores [B, 500] in [0, 1], best first, before any
    suppression, and features [B, C, H/8, W/8] for the energy.
    """

    def __init__(self, detector: HeadDetector, second_look: bool = False) -> None:
        super().__init__()
        self.detector = detector
        self.second_look = second_look

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        pictures = normalised(images)
        raw = self.detector(pictures)
        boxes, scores = raw.boxes, raw.logits.sigmoid()
        if self.second_look:
            again, certain = look_again(self.detector, pictures)
            boxes, scores = torch.cat([boxes, again], 1), torch.cat([scores, certain], 1)
        boxes, scores = best_candidates(boxes, scores)
        return boxes, scores, raw.features


def look_again(detector: HeadDetector, pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Boxes and scores found at a third of the size, in pixels of the whole: [B, A, 4], [B, A].

    Boxes not higher than the first of `SECOND_FROM` of the longer side get the score 0, since they
    are seen better at the whole size; from the second on the score stays as it is.
    """
    height, width = pictures.shape[2:]
    step = SECOND * MULTIPLE
    rows, columns = (height + step - 1) // step * step, (width + step - 1) // step * step
    filled = pad(pictures, (0, columns - width, 0, rows - height), value=-1.0)
    raw = detector(avg_pool2d(filled, SECOND))
    boxes = raw.boxes * SECOND
    heights = (boxes[..., 3] - boxes[..., 1]) / torch.sym_max(height, width)
    none, whole = SECOND_FROM
    return boxes, raw.logits.sigmoid() * ((heights - none) / (whole - none)).clamp(0, 1)


def normalised(images: Tensor) -> Tensor:
    """uint8 [B, H, W, 3] -> float32 [B, 3, H, W] in [-1, 1]."""
    return images.float().permute(0, 3, 1, 2) / 127.5 - 1


def best_candidates(boxes: Tensor, scores: Tensor, count: int = TOP) -> tuple[Tensor, Tensor]:
    """The `count` boxes [B, count, 4] of greatest score [B, count]; a small picture pads with
    score 0."""
    scores, boxes = pad(scores, (0, count)), pad(boxes, (0, 0, 0, count))
    top, order = scores.topk(count, dim=1)
    return boxes.gather(1, order[..., None].expand(-1, -1, 4)), top
