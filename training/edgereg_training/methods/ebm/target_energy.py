"""The energy f(x, y) of low-dimensional targets, with a split first layer.

The EBM paper's network is MLP([g_x, g_y]) of image features g_x and target features g_y. Its
first layer is linear in the concatenation, W [g_x, g_y] = W_x g_x + W_y g_y, so W_x g_x is
computed once per image instead of once per sample of y: the same function at a fraction of
the multiplications.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import nn

from edgereg.core.arrays import FloatArray
from edgereg_training.methods.ebm.weights import Activation, Dense, TargetWeights

Nonlinearity = Literal["relu", "silu"]


class TargetEnergy(nn.Module):
    """f(x, y) = trunk(act(W_x g_x + b + W_y g_y((y - centre) / scale))).

    features: size of g_x; centre, scale: of the D targets, in units; target_widths: of the layers
    of g_y; hidden: of the first joint layer and of the trunk's layers; activation: of all layers
    but the last.
    """

    centre: torch.Tensor
    scale: torch.Tensor

    def __init__(
        self,
        features: int,
        centre: Sequence[float],
        scale: Sequence[float],
        target_widths: Sequence[int] = (32, 32),
        hidden: int = 64,
        trunk_layers: int = 1,
        activation: Nonlinearity = "silu",
    ) -> None:
        super().__init__()
        self.nonlinearity: Nonlinearity = activation
        self.register_buffer("centre", torch.tensor(centre, dtype=torch.float32))
        self.register_buffer("scale", torch.tensor(scale, dtype=torch.float32))
        widths = [len(scale), *target_widths]
        below: list[nn.Module] = []
        for inputs, outputs in pairwise(widths):
            below += [nn.Linear(inputs, outputs), _module(activation)]
        self.target = nn.Sequential(*below)
        self.from_features = nn.Linear(features, hidden)
        self.from_target = nn.Linear(widths[-1], hidden, bias=False)
        self.activation = _module(activation)
        layers: list[nn.Module] = []
        for _ in range(trunk_layers):
            layers += [nn.Linear(hidden, hidden), _module(activation)]
        self.trunk = nn.Sequential(*layers, nn.Linear(hidden, 1))

    def normalise(self, targets: torch.Tensor) -> torch.Tensor:
        """Units -> the coordinates in which samples are drawn and steps are taken."""
        return (targets - self.centre) / self.scale

    def restore(self, points: torch.Tensor) -> torch.Tensor:
        """The inverse of `normalise`."""
        return points * self.scale + self.centre

    def forward(self, features: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
        """features g_x [B, Dx], normalised points [B, K, D] -> f [B, K]."""
        return self._joined(self.from_features(features)[:, None], points)

    def project(self, features: torch.Tensor) -> torch.Tensor:
        """W_x g_x without the bias: features [B, Dx] -> [B, h]."""
        return features @ self.from_features.weight.T

    def of_projected(self, projected: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
        """The same of `project`ed features [B, h] and normalised points [B, K, D]: f [B, K]."""
        return self._joined((projected + self.from_features.bias)[:, None], points)

    def _joined(self, image: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
        # In place: where there are many points, another tensor of this size costs time.
        joint = self.from_target(self.target(points)).add_(image)
        energy: torch.Tensor = self.trunk(self.activation(joint))[..., 0]
        return energy

    def weights(self) -> TargetWeights:
        """The weights that act on `project`ed features, for graphs written without torch."""
        below, above = (
            [module for module in part if isinstance(module, nn.Linear)]
            for part in (self.target, self.trunk)
        )
        bent = self.nonlinearity
        return TargetWeights(
            scale=_array(self.scale),
            centre=_array(self.centre),
            target_layers=tuple(dense_weights(layer, bent) for layer in below),
            target_weight=_array(self.from_target.weight),
            bias=_array(self.from_features.bias),
            activation=bent,
            trunk=(
                *(dense_weights(layer, bent) for layer in above[:-1]),
                dense_weights(above[-1], "none"),
            ),
        )


def _module(activation: Nonlinearity) -> nn.Module:
    return nn.SiLU() if activation == "silu" else nn.ReLU(inplace=True)


def dense_weights(layer: nn.Linear, activation: Activation) -> Dense:
    """A layer's weights as arrays."""
    return Dense(_array(layer.weight), _array(layer.bias), activation)


def _array(tensor: torch.Tensor) -> FloatArray:
    return tensor.detach().numpy().copy()
