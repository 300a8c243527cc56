"""The detector's loss: quality focal loss, GIoU, and that of the energy or predicted IoU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from edgereg_training.detection.assignment import Assignment, HeadLabels, assign
from edgereg_training.detection.boxes import from_relative, generalised_iou, to_relative
from edgereg_training.detection.energy import BoxEnergyNet, box_energy_loss
from edgereg_training.detection.iou_net import iou_loss, proposed, uniform_iou
from edgereg_training.detection.network import RawDetections
from edgereg_training.methods.ebm.likelihood import Proposal

Confidence = Literal["nll", "iou-net", "iou-net-star"]


@dataclass(frozen=True)
class LossSettings:
    """confidence: what the energy network learns of a box, its density by the likelihood or its IoU
    by `iou_net`. box, energy: weights beside the quality loss. sigmas: standard deviations of the
    proposal's components in relative coordinates. samples: draws per head. heads: heads per image
    that the energy learns from (at random). jitter: standard deviation of the noise on the boxes
    that the likelihood learns, in relative coordinates."""

    confidence: Confidence = "nll"
    box: float = 2.0
    energy: float = 0.1
    sigmas: tuple[float, ...] = (0.0375, 0.075, 0.15)
    samples: int = 32
    heads: int = 2
    jitter: float = 0.0125


def quality_focal(logits: Tensor, target: Tensor) -> Tensor:
    """Quality focal loss (GFL, NeurIPS 2020, eq. 3, beta 2) for targets in [0, 1]; same shape."""
    modulation = (target - logits.sigmoid()).square()
    return modulation * binary_cross_entropy_with_logits(logits, target, reduction="none")


def detection_loss(raw: RawDetections, assigned: Assignment) -> tuple[Tensor, Tensor]:
    """(quality loss, box loss), both divided by the batch's sum of qualities."""
    total = assigned.quality.sum().clamp(min=1)
    quality = (quality_focal(raw.logits, assigned.quality) * assigned.weight).sum() / total
    positive = assigned.quality > 0
    giou = generalised_iou(raw.boxes[positive], assigned.boxes[positive])
    box = ((1 - giou) * assigned.quality[positive]).sum() / total
    return quality, box


def pick_heads(
    labels: HeadLabels, count: int, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    """Up to `count` heads of each image at random: boxes [B, count, 4] and a mask [B, count].

    Where the mask is False the box is a stand-in of 32 x 32 pixels.
    """
    usable = labels.valid & ~labels.ignored
    lots = torch.rand(usable.shape, generator=generator) * usable
    order = lots.topk(min(count, usable.shape[1]), dim=1).indices
    mask = usable.gather(1, order)
    boxes = labels.boxes.gather(1, order[..., None].expand(-1, -1, 4))
    stand_in = torch.tensor([0.0, 0.0, 32.0, 32.0])
    return torch.where(mask[..., None], boxes, stand_in), mask


def jittered(boxes: Tensor, sigma: float, generator: torch.Generator | None = None) -> Tensor:
    """Boxes [B, N, 4] with Gaussian noise in relative coordinates.

    Boxes cut off by a border end exactly there. Without noise their density is unbounded, the few
    samples of the importance estimate miss its peak, and the loss falls without end.
    """
    size = boxes[..., 2:] - boxes[..., :2]
    noise = torch.randn(boxes.shape, generator=generator) * sigma
    return from_relative(to_relative(boxes, size) + noise, size)


def total_loss(
    raw: RawDetections,
    energy: BoxEnergyNet,
    labels: HeadLabels,
    settings: LossSettings,
    generator: torch.Generator | None = None,
) -> dict[str, Tensor]:
    """'loss', the weighted sum to minimise, and its parts 'quality', 'box' and 'energy'.

    With an energy weight of 0 the energy is neither computed nor trained.
    """
    quality, box = detection_loss(raw, assign(raw, labels))
    loss = quality + settings.box * box
    if not settings.energy:
        return {"loss": loss, "quality": quality, "box": box}
    heads = pick_heads(labels, settings.heads, generator)
    confidence = confidence_loss(energy, raw.features.float(), heads, settings, generator)
    loss = loss + settings.energy * confidence
    return {"loss": loss, "quality": quality, "box": box, "energy": confidence}


def confidence_loss(
    net: BoxEnergyNet,
    features: Tensor,
    heads: tuple[Tensor, Tensor],
    settings: LossSettings,
    generator: torch.Generator | None = None,
) -> Tensor:
    """The loss of the energy network alone; heads: boxes [B, N, 4] and a mask [B, N]."""
    boxes, mask = heads
    proposal = Proposal([[sigma] * 4 for sigma in settings.sigmas])
    if settings.confidence == "nll":
        noisy = (jittered(boxes, settings.jitter, generator), mask)
        return box_energy_loss(net, features, noisy, proposal, settings.samples, generator)
    if settings.confidence == "iou-net":
        drawn = uniform_iou(boxes[mask], settings.samples, generator)
    else:
        drawn = proposed(boxes[mask], proposal, settings.samples, generator)
    return iou_loss(net, features, heads, drawn)
