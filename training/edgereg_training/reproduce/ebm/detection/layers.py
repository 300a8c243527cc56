"""The layers that each approach trains on the detector's map, and their losses.

All have the same trunk: a 3 x 3 convolution, PrRoIPool, two dense layers. A *regressor* pools a
proposal and predicts, as a density of some kind, where the object's box lies from it; a
*confidence* pools any box y and says f(x, y): the energy, or the predicted IoU.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor, nn

from edgereg.core.model_spec import Target
from edgereg_training.detection.boxes import from_relative, to_relative
from edgereg_training.detection.energy import BoxEnergyNet, box_energy_loss
from edgereg_training.detection.iou_net import iou_loss, proposed, uniform_iou
from edgereg_training.detection.losses import jittered
from edgereg_training.methods.ebm.likelihood import Proposal
from edgereg_training.methods.ebm.prroi import prroi_pool
from edgereg_training.methods.method import FeatureShape
from edgereg_training.methods.registry import parse_method

CHANNELS, POOL, HIDDEN = 32, 5, (96, 64)
SCALE = 1 / 8
SIGMAS, SAMPLES, JITTER = (0.0375, 0.075, 0.15), 64, 0.0125
# Proposals of a regressor about each object, and where they are drawn from.
PROPOSALS, SPREAD = 16, (0.05, 0.1, 0.2)
# Offsets of boxes in relative coordinates beyond this are cut off.
REACH = 1.0
EDGES = tuple(Target(name=n, unit="", low=-REACH, high=REACH) for n in ("x", "y", "w", "h"))

Kind: TypeAlias = Literal["nll", "iou-net", "iou-net-star"]
# Boxes [B, N, 4] of objects and a mask [B, N] of those that count.
Objects: TypeAlias = tuple[Tensor, Tensor]

REGRESSORS: dict[str, dict[str, Any]] = {
    "direct": {"name": "direct", "loss": "l1"},
    "Gaussian": {"name": "gaussian"},
    "Laplace": {"name": "laplace"},
    "mixture of 2": {"name": "mixture", "components": 2},
    "mixture of 4": {"name": "mixture", "components": 4},
    "mixture of 8": {"name": "mixture", "components": 8},
    "cVAE": {"name": "cvae"},
}
CONFIDENCES: dict[str, Kind] = {"IoU-Net": "iou-net", "IoU-Net*": "iou-net-star", "EBM": "nll"}


class Regressor(nn.Module):
    """Maps [B, C, h, w] and proposals -> a density of the box, relative to each proposal."""

    def __init__(self, channels: int, method: dict[str, Any]) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(channels, CHANNELS, 3, padding=1)
        self.trunk = nn.Sequential(
            nn.Linear(CHANNELS * POOL**2, HIDDEN[0]), nn.ReLU(),
            nn.Linear(HIDDEN[0], HIDDEN[1]), nn.ReLU(),
        )  # fmt: skip
        self.head = parse_method(method).head(FeatureShape(HIDDEN[1]), EDGES)

    def features(self, maps: Tensor, boxes: Tensor) -> Tensor:
        """[B, N, F] of boxes [B, N, 4]."""
        found: Tensor = self.trunk(prroi_pool(self.reduce(maps), boxes, POOL, SCALE).flatten(2))
        return found

    def loss(self, maps: Tensor, objects: Objects, generator: torch.Generator) -> Tensor:
        """Of proposals about the objects."""
        boxes, mask = objects
        drawn = proposed(boxes[mask], Proposal([[s] * 4 for s in SPREAD]), PROPOSALS, generator)
        size = drawn[..., 2:] - drawn[..., :2]
        truth = boxes[mask][:, None].expand_as(drawn)
        target = to_relative(truth, size) - to_relative(drawn, size)
        everything = boxes[:, :, None].repeat(1, 1, PROPOSALS, 1)
        everything[mask] = drawn
        features = self.features(maps, everything.flatten(1, 2))
        chosen = features.reshape(*mask.shape, PROPOSALS, -1)[mask].flatten(0, 1)
        return self.head.loss(chosen, target.flatten(0, 1).clamp(-REACH, REACH), generator)["loss"]

    def moved(self, maps: Tensor, boxes: Tensor) -> Tensor:
        """Boxes [1, N, 4] at the head's value."""
        size = boxes[..., 2:] - boxes[..., :2]
        value = self.head.value(self.features(maps, boxes)[0])[None]
        return from_relative(to_relative(boxes, size) + value, size)


class Confidence(nn.Module):
    """Maps [B, C, h, w] -> features of the energy, and f(x, y) on them."""

    def __init__(self, channels: int, kind: Kind) -> None:
        super().__init__()
        self.kind = kind
        self.reduce = nn.Conv2d(channels, CHANNELS, 3, padding=1)
        self.energy = BoxEnergyNet(CHANNELS, POOL, HIDDEN)

    def loss(self, maps: Tensor, objects: Objects, generator: torch.Generator) -> Tensor:
        """The likelihood (Eq. 5), or Huber of the IoU of boxes that are drawn as each has it."""
        features = self.reduce(maps)
        boxes, mask = objects
        proposal = Proposal([[sigma] * 4 for sigma in SIGMAS])
        if self.kind == "nll":
            noisy = jittered(boxes, JITTER, generator), mask
            return box_energy_loss(self.energy, features, noisy, proposal, SAMPLES, generator)
        if self.kind == "iou-net":
            drawn = uniform_iou(boxes[mask], SAMPLES, generator)
        else:
            drawn = proposed(boxes[mask], proposal, SAMPLES, generator)
        return iou_loss(self.energy, features, objects, drawn)
