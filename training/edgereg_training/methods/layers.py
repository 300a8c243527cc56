"""The layers that heads end in."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import softplus


def output_layer(inputs: int, outputs: int) -> nn.Linear:
    """A dense layer whose outputs start near 0 whatever the number of inputs of unit variance."""
    layer = nn.Linear(inputs, outputs)
    nn.init.normal_(layer.weight, std=0.1 / inputs**0.5)
    nn.init.zeros_(layer.bias)
    return layer


def bounded(raw: Tensor, low: float, high: float) -> Tensor:
    """`raw`, bent smoothly into low..high near the ends.

    A plain clamp has no gradient outside, so a log-variance that got there would stay.
    """
    return low + softplus(high - low - softplus(high - raw))


def pooled(features: Tensor) -> Tensor:
    """Features as vectors [B, C]: maps [B, C, h, w] by their means."""
    return features.mean((2, 3)) if features.ndim == 4 else features
