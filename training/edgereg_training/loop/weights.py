"""The weights of a network by name: copies, and an exponential moving average over the steps."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

Weights = dict[str, torch.Tensor]
# Layers that keep statistics of what they saw.
NORMS = nn.BatchNorm1d | nn.BatchNorm2d


def copy_weights(weights: Mapping[str, torch.Tensor]) -> Weights:
    """A detached copy that owns its memory."""
    return {name: value.detach().clone() for name, value in weights.items()}


def update_average(
    average: Weights, weights: Mapping[str, torch.Tensor], decay: float, step: int
) -> None:
    """average <- d average + (1 - d) weights, in place; integer tensors are copied.

    d = min(decay, (1 + step) / (10 + step)), so that early averages forget the random start.
    """
    rate = 1.0 - min(decay, (1.0 + step) / (10.0 + step))
    for name, value in weights.items():
        if value.is_floating_point():
            average[name].lerp_(value.detach(), rate)
        else:
            average[name].copy_(value)
