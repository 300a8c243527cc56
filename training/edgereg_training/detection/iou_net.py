"""Predicted overlap as a box's confidence: IoU-Net and IoU-Net*, the rivals of the box energy.

The network of `energy` learns 2 IoU - 1 of a box with its head instead of a log density, by Huber
loss. "Acquisition of Localization Confidence for Accurate Object Detection" (IoU-Net, ECCV 2018,
sections 3.1 and 3.3) learns from boxes spread evenly over IoUs of 0.5 to 1; IoU-Net* of the EBM
paper (section 5.1) from the proposal q of the energy, and refines in the energy's coordinates (with
`energy.refine_boxes`; step lengths 0.002 and 0.008, decay 0.2).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import huber_loss

from edgereg_training.detection.boxes import from_relative, pairwise_iou, to_relative
from edgereg_training.detection.energy import BoxEnergyNet
from edgereg_training.methods.ebm.likelihood import Proposal, refine

LEAST_IOU = 0.5
# No box this far off in relative coordinates, in any direction, has an IoU above 0.14.
FARTHEST = 4.0
HALVINGS = 24


def boxes_of_iou(boxes: Tensor, iou: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Random boxes [N, S, 4] that have IoUs [N, S], within 0.14..1, with boxes [N, 4].

    In relative coordinates a box goes in a random direction, as far as its IoU says: it is 1 at no
    distance and falls below 0.14, so that bisection finds the place.
    """
    size = (boxes[:, 2:] - boxes[:, :2])[:, None]
    start = to_relative(boxes[:, None], size)
    noise = torch.randn(*iou.shape, 4, generator=generator).to(boxes)
    direction = noise / noise.norm(dim=-1, keepdim=True)
    near, far = torch.zeros_like(iou), torch.full_like(iou, FARTHEST)
    for _ in range(HALVINGS):
        middle = (near + far) / 2
        found = overlaps(from_relative(start + middle[..., None] * direction, size), boxes)
        near = torch.where(found >= iou, middle, near)
        far = torch.where(found >= iou, far, middle)
    return from_relative(start + near[..., None] * direction, size)


def uniform_iou(boxes: Tensor, count: int, generator: torch.Generator | None = None) -> Tensor:
    """`count` boxes about each of [N, 4], uniform in IoU over 0.5..1: [N, count, 4] (IoU-Net)."""
    shares = torch.rand(len(boxes), count, generator=generator).to(boxes)
    return boxes_of_iou(boxes, LEAST_IOU + (1 - LEAST_IOU) * shares, generator)


def proposed(
    boxes: Tensor, proposal: Proposal, count: int, generator: torch.Generator | None = None
) -> Tensor:
    """`count` boxes of the proposal about each of [N, 4]: [N, count, 4] (IoU-Net*)."""
    size = (boxes[:, 2:] - boxes[:, :2])[:, None]
    offsets = proposal.sample((len(boxes), count), generator).to(boxes)
    return from_relative(to_relative(boxes[:, None], size) + offsets, size)


def overlaps(drawn: Tensor, boxes: Tensor) -> Tensor:
    """IoU [N, S] of boxes [N, S, 4] with the box [N, 4] that each is about."""
    return pairwise_iou(drawn, boxes[:, None])[..., 0]


def iou_loss(
    net: BoxEnergyNet, features: Tensor, heads: tuple[Tensor, Tensor], drawn: Tensor
) -> Tensor:
    """Mean Huber loss (threshold 1) of net(drawn) against 2 IoU - 1.

    features: [B, C, H/8, W/8]; heads: boxes [B, N, 4] and a mask [B, N] of those that count;
    drawn: boxes [K, S, 4] about the K that count, in the mask's order. 0 where the mask is empty.
    """
    boxes, mask = heads
    if not len(drawn):
        return features.new_zeros(())
    # Heads that don't count stand in the batch with their own box; their predictions are dropped.
    everything = boxes[:, :, None].repeat(1, 1, drawn.shape[1], 1)
    everything[mask] = drawn
    predicted = net(features, everything.flatten(1, 2)).reshape(everything.shape[:3])[mask]
    return huber_loss(predicted, 2 * overlaps(drawn, boxes[mask]) - 1)


def refine_corners(
    net: BoxEnergyNet,
    features: Tensor,
    boxes: Tensor,
    step_length: float = 0.5,
    decay: float = 0.1,
    steps: int = 10,
) -> tuple[Tensor, Tensor]:
    """IoU-Net's ascent on the predicted IoU: corners move by step_length * gradient * box side.

    boxes: [B, N, 4]; the sides are those of these boxes throughout. A step that lowers the
    prediction is undone and the length multiplied by `decay`, as in the EBM paper's comparison.
    Returns the trajectory [B, N, steps + 1, 4] in pixels and the predictions [B, N, steps + 1].
    """
    # In corners divided by the roots of the sides, plain ascent takes exactly those steps.
    root = (boxes[..., 2:] - boxes[..., :2]).sqrt().repeat(1, 1, 2)
    path, values = refine(
        lambda corners: net(features, corners * root), boxes / root, steps, step_length, decay
    )
    return path * root[:, :, None], values
