"""Faster R-CNN of torchvision on a timm network with a pyramid, in a form that engines run.

Boxes are pooled precisely (PrRoIPool: matrix products) from the finest map of the pyramid, which
holds what the coarser ones say. torchvision trains it; `Predictor` is the same network written
for export: peaks of the proposals instead of their suppression, fixed numbers of boxes.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, pad
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead

from edgereg_training.detection.energy import BoxEnergyNet
from edgereg_training.detection.objects.backbone import STRIDES, Pyramid
from edgereg_training.methods.ebm.prroi import prroi_pool

POOL = 7
RATIOS = (0.5, 1.0, 2.0)
# Sides of anchors over the stride of their level.
SCALES = (3.0, 4.8)
# As EfficientNet-Lite's weights were trained: (x - 127) / 128.
MEAN, SPREAD = 127.0 / 255, 128.0 / 255
# Of the export: proposals a picture and boxes that are returned.
PROPOSALS, TOP = 160, 100
# A logit below that of any anchor.
LAST_OF_ALL = -1e4
# d log w, d log h beyond this would be a box of 60 times the proposal's side.
LARGEST_LOG = 4.135


class PrecisePool(nn.Module):
    """torchvision's `box_roi_pool`: PrRoIPool of the finest map."""

    def forward(
        self, features: Mapping[str, Tensor], boxes: list[Tensor], sizes: list[tuple[int, int]]
    ) -> Tensor:
        """Of boxes [N_b, 4] of each image: [sum N_b, C, POOL, POOL]."""
        finest = features["0"]
        pooled = [
            prroi_pool(one[None], found[None], POOL, 1 / STRIDES[0])[0]
            for one, found in zip(finest, boxes, strict=True)
        ]
        return torch.cat(pooled)


class ObjectsModel(nn.Module):
    """The detector, and the energy of a box on features of its own of the finest map."""

    def __init__(
        self,
        backbone: str,
        pretrained: bool,
        classes: int,
        channels: int = 96,
        hidden: int = 384,
        features: int = 32,
    ) -> None:
        super().__init__()
        pyramid = Pyramid(backbone, channels, pretrained)
        sizes = tuple(tuple(scale * stride for scale in SCALES) for stride in STRIDES)
        self.detector = FasterRCNN(
            pyramid,
            box_head=TwoMLPHead(channels * POOL**2, hidden),
            box_predictor=FastRCNNPredictor(hidden, classes + 1),
            rpn_anchor_generator=AnchorGenerator(sizes, (RATIOS,) * len(STRIDES)),
            rpn_pre_nms_top_n_train=400,
            rpn_post_nms_top_n_train=200,
            rpn_pre_nms_top_n_test=300,
            rpn_post_nms_top_n_test=150,
            rpn_batch_size_per_image=128,
            box_batch_size_per_image=128,
            box_detections_per_img=TOP,
            image_mean=[MEAN] * 3,
            image_std=[SPREAD] * 3,
            # Pictures come in their final size.
            min_size=1,
            max_size=1 << 20,
            _skip_resize=True,
        )
        self.detector.roi_heads.box_roi_pool = PrecisePool()
        self.energy_features = nn.Conv2d(channels, features, 3, padding=1)
        self.energy = BoxEnergyNet(features, pool=5, hidden=(96, 64))

    def maps(self, images: Tensor) -> dict[str, Tensor]:
        """Of uint8 [B, H, W, 3], sides multiples of 32."""
        shown = (images.float().permute(0, 3, 1, 2) / 255 - MEAN) / SPREAD
        found: dict[str, Tensor] = self.detector.backbone(shown)
        return found


class Predictor(nn.Module):
    """The `predict` graph: uint8 [B, H, W, 3] RGB, sides multiples of 32 -> the best boxes.

    Returns boxes float32 [B, TOP, 4] (x1, y1, x2, y2 px), scores [B, TOP] in [0, 1], best first,
    before any suppression, labels int64 [B, TOP], and features [B, C, H/8, W/8] for the energy.
    """

    def __init__(self, model: ObjectsModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        maps = self.model.maps(images)
        boxes = self.proposals(maps, images.shape[2], images.shape[1])
        return *self.classified(maps["0"], boxes), self.model.energy_features(maps["0"])

    def proposals(self, maps: Mapping[str, Tensor], width: int, height: int) -> Tensor:
        """The PROPOSALS best anchors that are peaks of their neighbourhood, moved: [B, P, 4].

        A picture of fewer anchors repeats its best, which the suppression drops again.
        """
        rpn = self.model.detector.rpn
        scores, boxes = [], []
        for level, found in enumerate(maps.values()):
            seen = rpn.head.conv(found)
            logits, moves = rpn.head.cls_logits(seen), rpn.head.bbox_pred(seen)
            peak = logits >= max_pool2d(logits, 3, 1, 1)
            scores.append(torch.where(peak, logits, logits - 50).permute(0, 2, 3, 1).flatten(1))
            batch, _, rows, columns = moves.shape
            moves = moves.view(batch, -1, 4, rows, columns).permute(0, 3, 4, 1, 2)
            boxes.append(moved(self._anchors(level, found), moves.reshape(batch, -1, 4), 1.0))
        score, box = torch.cat(scores, 1), torch.cat(boxes, 1)
        best = box.gather(1, score.argmax(1)[:, None, None].expand(-1, 1, 4))
        score = pad(score, (0, PROPOSALS), value=LAST_OF_ALL)
        box = torch.cat([box, best.expand(-1, PROPOSALS, -1)], 1)
        _, order = score.topk(PROPOSALS, dim=1)
        return clipped(box.gather(1, order[..., None].expand(-1, -1, 4)), width, height)

    def _anchors(self, level: int, found: Tensor) -> Tensor:
        """[h * w * A, 4] of a map [B, C, h, w], in the order of torchvision's generator."""
        cells = self.model.detector.rpn.anchor_generator.cell_anchors[level].to(found)
        rows, columns = found.shape[2:]
        y = torch.arange(rows, device=found.device, dtype=torch.float32) * STRIDES[level]
        x = torch.arange(columns, device=found.device, dtype=torch.float32) * STRIDES[level]
        corner = torch.stack([x[None].expand(rows, columns), y[:, None].expand(rows, columns)], -1)
        anchors: Tensor = (corner.repeat(1, 1, 2)[:, :, None] + cells).reshape(-1, 4)
        return anchors

    def classified(self, finest: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The TOP best pairs of proposal [B, P, 4] and class: boxes, scores, labels from 0."""
        heads = self.model.detector.roi_heads
        pooled = prroi_pool(finest, boxes, POOL, 1 / STRIDES[0])
        seen = torch.relu(heads.box_head.fc6(pooled.flatten(2)))
        seen = torch.relu(heads.box_head.fc7(seen))
        logits = heads.box_predictor.cls_score(seen)
        moves = heads.box_predictor.bbox_pred(seen).unflatten(-1, (-1, 4))
        found = moved(boxes[:, :, None], moves, heads.box_coder.weights)[:, :, 1:]
        score = logits.softmax(-1)[..., 1:]
        classes = score.shape[-1]
        top, order = score.flatten(1).topk(TOP, dim=1)
        chosen = found.flatten(1, 2).gather(1, order[..., None].expand(-1, -1, 4))
        return chosen, top, order % classes


def moved(boxes: Tensor, moves: Tensor, weights: float | tuple[float, ...]) -> Tensor:
    """Boxes [..., 4] moved by (dx / w, dy / h, d log w, d log h) times `weights`."""
    scale = moves.new_tensor(weights).expand(4)
    d = moves / scale
    size = boxes[..., 2:] - boxes[..., :2]
    centre = (boxes[..., 2:] + boxes[..., :2]) / 2 + d[..., :2] * size
    half = size * d[..., 2:].clamp(max=LARGEST_LOG).exp() / 2
    return torch.cat([centre - half, centre + half], dim=-1)


def clipped(boxes: Tensor, width: int, height: int) -> Tensor:
    """Boxes [..., 4] within a picture, of at least a pixel."""
    low = torch.stack([boxes[..., 0].clamp(0, width - 1), boxes[..., 1].clamp(0, height - 1)], -1)
    high = torch.stack([boxes[..., 2].clamp(1, width), boxes[..., 3].clamp(1, height)], -1)
    return torch.cat([low, torch.maximum(high, low + 1)], dim=-1)


def padded(image: Tensor, multiple: int) -> Tensor:
    """An image [3, H, W] with zeros to the right and below, up to multiples."""
    height, width = image.shape[1:]
    return pad(image, (0, -width % multiple, 0, -height % multiple))
