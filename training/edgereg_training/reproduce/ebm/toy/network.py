"""The network of the paper's Fig. 2 (as in the authors' code), with a split first joint layer."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from edgereg.core.arrays import FloatArray
from edgereg_training.methods.ebm.trainers import sm
from edgereg_training.reproduce.ebm.toy.jets import HIDDEN, PARAMETERS


class ToyEnergy(nn.Module):
    """f(x, y) of scalars: g_x two ReLU layers, g_y one tanh layer, a joint tanh layer, two residual
    tanh layers and a linear one, all 10 wide. The joint layer W [g_x, g_y] + b is kept as
    W_x g_x + b and W_y g_y, initialised as the one layer that they are.
    """

    def __init__(self) -> None:
        super().__init__()
        self.image = nn.Sequential(
            nn.Linear(1, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU()
        )
        self.target = nn.Linear(1, HIDDEN)
        joint = nn.Linear(2 * HIDDEN, HIDDEN)
        self.from_image = nn.Linear(HIDDEN, HIDDEN)
        self.from_target = nn.Linear(HIDDEN, HIDDEN, bias=False)
        with torch.no_grad():
            self.from_image.weight.copy_(joint.weight[:, :HIDDEN])
            self.from_image.bias.copy_(joint.bias)
            self.from_target.weight.copy_(joint.weight[:, HIDDEN:])
        self.second = nn.Linear(HIDDEN, HIDDEN)
        self.third = nn.Linear(HIDDEN, HIDDEN)
        self.last = nn.Linear(HIDDEN, 1)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """x [B], y [B, M] -> f [B, M]."""
        image = self.from_image(self.image(x[:, None]))[:, None]
        h = torch.tanh(image + self.from_target(torch.tanh(self.target(y[..., None]))))
        h = torch.tanh(self.second(h)) + h
        h = torch.tanh(self.third(h)) + h
        energy: Tensor = self.last(h)[..., 0]
        return energy


def flatten(net: ToyEnergy) -> FloatArray:
    """All parameters, in the order of `jets.views`: [PARAMETERS]."""
    flat = torch.cat([parameter.detach().flatten() for parameter in net.parameters()])
    return flat.numpy().astype(np.float32)


def restore(theta: FloatArray) -> ToyEnergy:
    """The network with parameters [PARAMETERS]."""
    if theta.shape != (PARAMETERS,):
        raise ValueError(f"theta has shape {theta.shape}, not ({PARAMETERS},)")
    net = ToyEnergy()
    nn.utils.vector_to_parameters(torch.from_numpy(theta.copy()), net.parameters())
    return net


def score_gradient(theta: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """d/d theta of the score-matching loss on x, y [B], by autograd: one point an example."""
    net = restore(theta)
    inputs = torch.from_numpy(x)
    loss = sm(lambda points: net(inputs, points[..., 0]), torch.from_numpy(y)[:, None])
    found = torch.autograd.grad(loss, list(net.parameters()), allow_unused=True)
    parts = [
        torch.zeros_like(parameter) if part is None else part
        for part, parameter in zip(found, net.parameters(), strict=True)
    ]
    return torch.cat([part.flatten() for part in parts]).numpy()
