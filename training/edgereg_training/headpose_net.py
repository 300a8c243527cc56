"""The head-pose network: a small residual CNN, a BEL estimate and an energy.

Input is uint8 NHWC RGB; scaling is inside. The estimate is BEL with the GEN-EX decoder on one
code per angle; the energy f(x, y) of (yaw, pitch, roll) refines it.
"""

from __future__ import annotations

from typing import cast

import torch
from pydantic import Field
from torch import nn

from edgereg_training import bel
from edgereg_training.recipe import Strict
from edgereg_training.target_energy import TargetEnergy

# Units of the energy's coordinates: one step of 1 is ten degrees.
ENERGY_SCALE = (10.0, 10.0, 10.0)


class PoseModel(Strict):
    """Sizes of the network; `size` is the side of the input in pixels, a multiple of 16.

    widths: channels at 1/2, 1/4, 1/8 and 1/16; neck: channels before flattening; features: size
    of g_x; theta: the BEL bottleneck; limits: the largest |yaw|, |pitch|, |roll| of a level;
    step: degrees a level.
    """

    size: int = Field(default=64, ge=32, multiple_of=16)
    widths: tuple[int, int, int, int] = (24, 48, 112, 136)
    neck: int = Field(default=48, gt=0)
    features: int = Field(default=160, gt=0)
    theta: int = Field(default=16, gt=0)
    code: bel.Code = "B1JDJ"
    limits: tuple[float, float, float] = (100.0, 75.0, 70.0)
    step: float = Field(default=1.0, gt=0)
    target_width: int = Field(default=48, gt=0)
    energy_width: int = Field(default=96, gt=0)
    trunk_layers: int = Field(default=2, ge=1)

    def quantisers(self) -> tuple[bel.Quantiser, ...]:
        """One affine map of degrees to levels per angle."""
        return tuple(
            bel.Quantiser(-limit, self.step, round(2 * limit / self.step) + 1)
            for limit in self.limits
        )


class PoseNet(nn.Module):
    """Crops -> features (`extract`) -> bit logits (`bits`) -> `estimate`; and `energy` f(x, y)."""

    def __init__(self, model: PoseModel) -> None:
        super().__init__()
        self.model = model
        first, second, third, last = model.widths
        self.trunk = nn.Sequential(
            _convolution(3, first, 2),
            _convolution(first, second, 2),
            Residual(second),
            _convolution(second, third, 2),
            Residual(third),
            _convolution(third, last, 2),
            Residual(last),
            _convolution(last, model.neck, 1, kernel=1),
            nn.Flatten(),
        )
        cells = (model.size // 16) ** 2
        self.embed = nn.Sequential(
            nn.Linear(model.neck * cells, model.features, bias=False),
            nn.BatchNorm1d(model.features),
            nn.ReLU(),
        )
        self.heads = nn.ModuleList()
        for index, quantiser in enumerate(model.quantisers()):
            code = torch.from_numpy(bel.code_matrix(model.code, quantiser.levels)).float()
            self.register_buffer(f"code_{index}", code, persistent=False)
            self.heads.append(bel.Bottleneck(model.features, model.theta, code.shape[1]))
        self.energy = TargetEnergy(
            model.features,
            (0.0, 0.0, 0.0),
            ENERGY_SCALE,
            model.target_width,
            model.energy_width,
            model.trunk_layers,
        )

    def code(self, index: int) -> torch.Tensor:
        """The code matrix of angle `index`: float [levels, bits]."""
        return cast(torch.Tensor, getattr(self, f"code_{index}"))

    def extract(self, images: torch.Tensor) -> torch.Tensor:
        """uint8 [B, S, S, 3] RGB -> features g_x [B, F]."""
        scaled = (images.float().permute(0, 3, 1, 2) - 127.5) * (1.0 / 64.0)
        features: torch.Tensor = self.embed(self.trunk(scaled))
        return features

    def bits(self, features: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Features [B, F] -> bit logits of yaw, pitch and roll, [B, bits] each."""
        return tuple(head(features) for head in self.heads)

    def estimate(self, logits: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, torch.Tensor]:
        """GEN-EX value and posterior standard deviation of each angle: degrees, [B, 3] each."""
        values, spreads = [], []
        for index, quantiser in enumerate(self.model.quantisers()):
            mean, spread = bel.moments(logits[index].float(), self.code(index))
            values.append(quantiser.value(mean))
            spreads.append(spread * quantiser.step)
        return torch.stack(values, dim=1), torch.stack(spreads, dim=1)


class Residual(nn.Module):
    """x + two 3x3 convolutions, then ReLU."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _convolution(width, width, 1),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """[B, C, H, W] -> the same shape."""
        return torch.relu(images + self.body(images))


def _convolution(inputs: int, outputs: int, stride: int, kernel: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )
