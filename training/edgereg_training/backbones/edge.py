"""Small residual CNNs for the edge: one family, three sizes.

| name | meant for | multiply-adds | parameters |
|---|---|---|---|
| edge-xs | 32 to 48 px | 1.9 M at 32 px, 4.4 M at 48 px | 0.20 M, 0.37 M |
| edge-s | 48 to 64 px | 14 M at 48 px, 26 M at 64 px | 0.47 M, 0.51 M |
| edge-m | 64 px | 39 M at 64 px | 0.93 M |

Convolutions are dense: on a CPU they train faster than depthwise ones of as many operations.
"""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from edgereg_training.backbones.backbone import Backbone, Takes, scaled
from edgereg_training.loop.errors import BackboneError
from edgereg_training.loop.recipe import Strict
from edgereg_training.methods.method import FeatureShape


class EdgeSettings(Strict):
    """Sizes of a network: widths at 1/2, 1/4, ...; depth: convolutions of each residual block;
    neck: channels that are flattened (None: the last width); features: size of g_x."""

    widths: tuple[int, ...] = Field(min_length=1)
    depth: int = Field(ge=1)
    neck: int | None = Field(default=None, gt=0)
    features: int = Field(gt=0)


class EdgeXsSettings(EdgeSettings):
    """edge-xs: the fastest to train; for studies and quick trials."""

    name: Literal["edge-xs"] = "edge-xs"
    widths: tuple[int, ...] = Field(default=(16, 32, 64), min_length=1)
    depth: int = Field(default=1, ge=1)
    features: int = Field(default=128, gt=0)

    def build(self, size: int) -> Backbone:
        """A new network for images of side `size` px, a multiple of 8 by default."""
        return EdgeNet(self, size)


class EdgeSSettings(EdgeSettings):
    """edge-s: between the two."""

    name: Literal["edge-s"] = "edge-s"
    widths: tuple[int, ...] = Field(default=(24, 48, 72, 96), min_length=1)
    depth: int = Field(default=2, ge=1)
    neck: int | None = Field(default=48, gt=0)
    features: int = Field(default=128, gt=0)

    def build(self, size: int) -> Backbone:
        """A new network for images of side `size` px, a multiple of 16 by default."""
        return EdgeNet(self, size)


class EdgeMSettings(EdgeSettings):
    """edge-m: the network of the bundled head-pose model."""

    name: Literal["edge-m"] = "edge-m"
    widths: tuple[int, ...] = Field(default=(24, 48, 112, 136), min_length=1)
    depth: int = Field(default=2, ge=1)
    neck: int | None = Field(default=48, gt=0)
    features: int = Field(default=160, gt=0)

    def build(self, size: int) -> Backbone:
        """A new network for images of side `size` px, a multiple of 16 by default."""
        return EdgeNet(self, size)


class EdgeNet(Backbone):
    """Strided convolutions, each but the first followed by a residual block; then one linear map.

    The vector keeps where things are: the last maps are flattened, not averaged.
    """

    def __init__(self, settings: EdgeSettings, size: int) -> None:
        super().__init__()
        stride = 2 ** len(settings.widths)
        if size % stride or size < stride:
            raise BackboneError(f"images of {size} px: this network takes multiples of {stride} px")
        self._maps = FeatureShape(settings.widths[-1], size // stride, size // stride)
        self._vector = FeatureShape(settings.features)
        layers: list[nn.Module] = []
        inputs = 3
        for index, width in enumerate(settings.widths):
            layers.append(convolution(inputs, width, 2))
            if index:
                layers.append(Residual(width, settings.depth))
            inputs = width
        self.trunk = nn.Sequential(*layers)
        neck = settings.neck or inputs
        self.neck = nn.Identity() if settings.neck is None else convolution(inputs, neck, 1, 1)
        self.embed = nn.Sequential(
            nn.Flatten(),
            nn.Linear(neck * (size // stride) ** 2, settings.features, bias=False),
            nn.BatchNorm1d(settings.features),
            nn.ReLU(),
        )

    def maps(self, images: Tensor) -> Tensor:
        """[B, widths[-1], S / stride, S / stride]."""
        maps: Tensor = self.trunk(scaled(images))
        return maps

    def forward(self, images: Tensor) -> Tensor:
        """[B, features], not negative."""
        vector: Tensor = self.embed(self.neck(self.maps(images)))
        return vector

    def shape(self, takes: Takes) -> FeatureShape:
        """See `Backbone`."""
        return self._vector if takes == "vector" else self._maps


class Residual(nn.Module):
    """x + `depth` 3x3 convolutions, then ReLU."""

    def __init__(self, width: int, depth: int = 2) -> None:
        super().__init__()
        inner = [convolution(width, width, 1) for _ in range(depth - 1)]
        last = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.body = nn.Sequential(*inner, last, nn.BatchNorm2d(width))

    def forward(self, maps: Tensor) -> Tensor:
        """[B, C, H, W] -> the same shape."""
        return torch.relu(maps + self.body(maps))


def convolution(inputs: int, outputs: int, stride: int, kernel: int = 3) -> nn.Sequential:
    """Convolution, batch norm, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )
