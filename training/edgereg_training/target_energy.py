"""The energy f(x, y) of low-dimensional targets, with a split first layer.

The EBM paper's network is MLP([g_x, g_y]) of image features g_x and target features g_y. Its
first layer is linear in the concatenation, W [g_x, g_y] = W_x g_x + W_y g_y, so W_x g_x is
computed once per image instead of once per sample of y: the same function at a fraction of
the multiplications.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


class TargetEnergy(nn.Module):
    """f(x, y) = trunk(silu(W_x g_x + b + W_y g_y((y - centre) / scale))).

    features: size of g_x; centre, scale: of the D targets, in units; target_width: of the two
    layers of g_y; hidden: of the first joint layer and of the trunk's layers.
    """

    centre: torch.Tensor
    scale: torch.Tensor

    def __init__(
        self,
        features: int,
        centre: Sequence[float],
        scale: Sequence[float],
        target_width: int = 32,
        hidden: int = 64,
        trunk_layers: int = 1,
    ) -> None:
        super().__init__()
        self.register_buffer("centre", torch.tensor(centre, dtype=torch.float32))
        self.register_buffer("scale", torch.tensor(scale, dtype=torch.float32))
        self.target = nn.Sequential(
            nn.Linear(len(scale), target_width),
            nn.SiLU(),
            nn.Linear(target_width, target_width),
            nn.SiLU(),
        )
        self.from_features = nn.Linear(features, hidden)
        self.from_target = nn.Linear(target_width, hidden, bias=False)
        self.activation = nn.SiLU()
        layers: list[nn.Module] = []
        for _ in range(trunk_layers):
            layers += [nn.Linear(hidden, hidden), nn.SiLU()]
        self.trunk = nn.Sequential(*layers, nn.Linear(hidden, 1))

    def normalise(self, targets: torch.Tensor) -> torch.Tensor:
        """Units -> the coordinates in which samples are drawn and steps are taken."""
        return (targets - self.centre) / self.scale

    def forward(self, features: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
        """features g_x [B, Dx], normalised points [B, K, D] -> f [B, K]."""
        image = self.from_features(features)[:, None]
        joint = self.activation(image + self.from_target(self.target(points)))
        energy: torch.Tensor = self.trunk(joint)[..., 0]
        return energy
