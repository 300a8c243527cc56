"""What the box energy of the tracker can learn: EBM, ATOM and ATOM*.

- nll: the likelihood of the EBM paper (ECCV 2020, section 5.2), M samples of a proposal with
  sigma .05 and .5;
- atom: the overlap of boxes spread over IoUs, by squared error (ATOM, CVPR 2019);
- atom-star: the same of boxes drawn from the EBM's proposal (ATOM* of the EBM paper).

Coordinates are those of `detection.boxes.to_relative`, sizes those of the true box.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from edgereg_training.detection.boxes import from_relative, to_relative
from edgereg_training.detection.energy import BoxEnergyNet
from edgereg_training.detection.iou_net import boxes_of_iou, overlaps, proposed
from edgereg_training.methods.ebm.likelihood import Proposal, nll

TrackingLoss = Literal["nll", "atom", "atom-star"]
ATOM_BOXES = 16
# `boxes_of_iou` finds boxes down to 0.14; ATOM draws its own above 0.1.
LEAST_IOU = 0.15


def tracking_loss(
    kind: TrackingLoss,
    net: BoxEnergyNet,
    features: Tensor,
    boxes: Tensor,
    sigmas: tuple[float, ...],
    samples: int,
    jitter: float,
    generator: torch.Generator | None = None,
) -> Tensor:
    """features: [B, C, H/8, W/8] conditioned; boxes: [B, 4] in crop pixels.

    jitter: standard deviation of the labels that the likelihood learns; a box cut at the frame's
    edge ends exactly there, and its density would have no bound.
    """
    proposal = Proposal([[sigma] * 4 for sigma in sigmas])
    if kind == "nll":
        size = (boxes[:, 2:] - boxes[:, :2])[:, None]
        noise = torch.randn(boxes.shape, generator=generator).to(boxes) * jitter
        return nll(
            lambda points: net(features, from_relative(points, size)),
            proposal,
            to_relative(boxes, size[:, 0]) + noise,
            samples,
            generator,
        )
    if kind == "atom":
        shares = torch.rand(len(boxes), ATOM_BOXES, generator=generator).to(boxes)
        drawn = boxes_of_iou(boxes, LEAST_IOU + (1 - LEAST_IOU) * shares, generator)
    else:
        drawn = proposed(boxes, proposal, samples, generator)
    error: Tensor = net(features, drawn) - (2 * overlaps(drawn, boxes) - 1)
    return error.square().mean()
