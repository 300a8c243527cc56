"""The energy f(x, y) of low-dimensional targets, with a split first layer.

The EBM paper's network is MLP([g_x, g_y]) of image features g_x and target features g_y. Its
first layer is linear in the concatenation, W [g_x, g_y] = W_x g_x + W_y g_y, so W_x g_x is
computed once per image instead of once per sample of y: the same function at a fraction of
the multiplications.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

FloatArray = npt.NDArray[np.float32]
Activation = Literal["none", "relu", "silu"]
Nonlinearity = Literal["relu", "silu"]


@dataclass(frozen=True)
class DenseWeights:
    """activation(weight [out, in] x + bias [out])."""

    weight: FloatArray
    bias: FloatArray
    activation: Activation


@dataclass(frozen=True)
class EnergyWeights:
    """f = trunk(act(feature_weight g_x + bias + target_weight g_y((y - centre) / scale))).

    scale, centre: [D]; target_layers: g_y; feature_weight: W_x [h, Dx], or None where whoever
    computes the features has applied it already; target_weight: [h, Dy]; bias: [h]; trunk: layers,
    the last one with one output.
    """

    scale: FloatArray
    centre: FloatArray
    target_layers: tuple[DenseWeights, ...]
    feature_weight: FloatArray | None
    target_weight: FloatArray
    bias: FloatArray
    activation: Activation
    trunk: tuple[DenseWeights, ...]


class TargetEnergy(nn.Module):
    """f(x, y) = trunk(act(W_x g_x + b + W_y g_y((y - centre) / scale))).

    features: size of g_x; centre, scale: of the D targets, in units; target_width: of the two
    layers of g_y; hidden: of the first joint layer and of the trunk's layers; activation: of all
    layers but the last.
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
        activation: Nonlinearity = "silu",
    ) -> None:
        super().__init__()
        self.nonlinearity: Nonlinearity = activation
        self.register_buffer("centre", torch.tensor(centre, dtype=torch.float32))
        self.register_buffer("scale", torch.tensor(scale, dtype=torch.float32))
        self.target = nn.Sequential(
            nn.Linear(len(scale), target_width),
            _module(activation),
            nn.Linear(target_width, target_width),
            _module(activation),
        )
        self.from_features = nn.Linear(features, hidden)
        self.from_target = nn.Linear(target_width, hidden, bias=False)
        self.activation = _module(activation)
        layers: list[nn.Module] = []
        for _ in range(trunk_layers):
            layers += [nn.Linear(hidden, hidden), _module(activation)]
        self.trunk = nn.Sequential(*layers, nn.Linear(hidden, 1))

    def normalise(self, targets: torch.Tensor) -> torch.Tensor:
        """Units -> the coordinates in which samples are drawn and steps are taken."""
        return (targets - self.centre) / self.scale

    def forward(self, features: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
        """features g_x [B, Dx], normalised points [B, K, D] -> f [B, K]."""
        image = self.from_features(features)[:, None]
        # In place: where there are many points, another tensor of this size costs time.
        joint = self.from_target(self.target(points)).add_(image)
        energy: torch.Tensor = self.trunk(self.activation(joint))[..., 0]
        return energy

    def project(self, features: torch.Tensor) -> torch.Tensor:
        """W_x g_x without the bias: features [B, Dx] -> [B, h]."""
        return features @ self.from_features.weight.T

    def weights(self) -> EnergyWeights:
        """The weights that act on `project`ed features, for graphs written without torch."""
        layers = [module for module in self.trunk if isinstance(module, nn.Linear)]
        return EnergyWeights(
            scale=_array(self.scale),
            centre=_array(self.centre),
            target_layers=tuple(
                _dense(module, self.nonlinearity)
                for module in self.target
                if isinstance(module, nn.Linear)
            ),
            feature_weight=None,
            target_weight=_array(self.from_target.weight),
            bias=_array(self.from_features.bias),
            activation=self.nonlinearity,
            trunk=(
                *(_dense(layer, self.nonlinearity) for layer in layers[:-1]),
                _dense(layers[-1], "none"),
            ),
        )


def _module(activation: Nonlinearity) -> nn.Module:
    return nn.SiLU() if activation == "silu" else nn.ReLU(inplace=True)


def _dense(layer: nn.Linear, activation: Activation) -> DenseWeights:
    return DenseWeights(_array(layer.weight), _array(layer.bias), activation)


def _array(tensor: torch.Tensor) -> FloatArray:
    return tensor.detach().numpy().copy()
