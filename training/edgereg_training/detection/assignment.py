"""Which anchor points learn which head: task-aligned assignment (TOOD, ICCV 2021, section 3.2)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from edgereg_training.detection.boxes import pairwise_iou
from edgereg_training.detection.network import RawDetections


@dataclass(frozen=True)
class HeadLabels:
    """Heads of a batch of B images, padded to G.

    boxes: float [B, G, 4] in image pixels. valid: bool [B, G], False where padded. ignored: bool
    [B, G]; what lies there is neither head nor background (too small, hardly visible).
    """

    boxes: Tensor
    valid: Tensor
    ignored: Tensor


@dataclass(frozen=True)
class Assignment:
    """quality: [B, A] in [0, 1], the score to predict. weight: [B, A], 0 where ignored.
    boxes: [B, A, 4], the box to predict where quality > 0."""

    quality: Tensor
    weight: Tensor
    boxes: Tensor


@torch.no_grad()
def assign(raw: RawDetections, labels: HeadLabels, candidates: int = 9) -> Assignment:
    """Each head takes its `candidates` best points by sqrt(score) * IoU^4 among those inside it.

    The quality of a taken point is its alignment, scaled so that the best point of a head gets that
    head's best IoU. A point that two heads want goes to the one it overlaps more. A head that holds
    no point (a sliver at the border) takes the nearest one.
    """
    inside = _inside(raw.points, labels.boxes)
    heads = (labels.valid & ~labels.ignored)[:, None]
    iou = pairwise_iou(raw.boxes.detach(), labels.boxes)
    allowed = (inside | _nearest(raw.points, labels.boxes)) & heads
    aligned = raw.logits.detach().sigmoid().sqrt()[..., None] * (iou + 1e-3).pow(4) * allowed
    chosen = _best(aligned, min(candidates, aligned.shape[1])) & allowed
    owner = torch.where(chosen, iou + 1e-6, torch.zeros_like(iou))
    best_iou, index = owner.max(dim=2)
    mine = chosen & (torch.arange(chosen.shape[2], device=index.device) == index[..., None])
    metric = aligned * mine
    peak = metric.amax(dim=1, keepdim=True).clamp(min=1e-12)
    best = (iou * mine).amax(dim=1, keepdim=True)
    quality = (metric / peak * best).amax(dim=2)
    ignored = (inside & (labels.ignored & labels.valid)[:, None]).any(dim=2) & (best_iou == 0)
    boxes = labels.boxes.gather(1, index[..., None].expand(-1, -1, 4))
    return Assignment(quality, (~ignored).float(), boxes)


def _inside(points: Tensor, boxes: Tensor) -> Tensor:
    """bool [B, A, G]: point a lies in box g."""
    p = points[None, :, None]
    return ((p > boxes[:, None, :, :2]) & (p < boxes[:, None, :, 2:])).all(-1)


def _nearest(points: Tensor, boxes: Tensor) -> Tensor:
    """bool [B, A, G]: point a is the nearest of all to the centre of box g."""
    centres = (boxes[..., :2] + boxes[..., 2:]) / 2
    distance = (points[None, :, None] - centres[:, None]).square().sum(-1)
    return distance <= distance.amin(dim=1, keepdim=True)


def _best(metric: Tensor, count: int) -> Tensor:
    """bool [B, A, G]: point a is among the `count` points of greatest metric for head g."""
    top = metric.topk(count, dim=1).indices
    return torch.zeros_like(metric, dtype=torch.bool).scatter_(1, top, True)
