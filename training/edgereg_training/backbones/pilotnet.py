"""PilotNet, as the authors of BEL trained it for steering angles (1.8 M parameters)."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn
from torch.nn import functional

from edgereg_training.backbones.backbone import Backbone, Takes, scaled
from edgereg_training.loop.recipe import Strict
from edgereg_training.methods.method import FeatureShape

# height and width; channels, kernel and stride of the convolutions; widths of the layers after.
INPUT = (66, 200)
CONVOLUTIONS = ((24, 5, 2), (36, 5, 2), (48, 5, 2), (64, 3, 1), (64, 3, 1))
WIDTHS = (1000, 500, 100, 10)
FLAT = 64 * 1 * 18


class PilotNetSettings(Strict):
    """dropout: of the maps; the first two linear layers have dropout 0.5."""

    name: Literal["pilotnet"] = "pilotnet"
    dropout: float = 0.2

    def build(self, size: int) -> Backbone:
        """A new network; images of any side are scaled to 66 x 200 px inside."""
        return PilotNet(self.dropout)


class PilotNet(Backbone):
    """Five convolutions and four linear layers with ELU; the last ten numbers are the features."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 3
        for channels, kernel, stride in CONVOLUTIONS:
            layers += [nn.Conv2d(inputs, channels, kernel, stride), nn.ELU(), nn.Dropout2d(dropout)]
            inputs = channels
        self.trunk = nn.Sequential(*layers)
        layers, inputs = [nn.Flatten()], FLAT
        for index, width in enumerate(WIDTHS):
            layers += [nn.Linear(inputs, width), nn.ELU()]
            layers += [nn.Dropout(0.5)] if index < 2 else []
            inputs = width
        self.embed = nn.Sequential(*layers)

    def maps(self, images: Tensor) -> Tensor:
        """[B, 64, 1, 18]."""
        shown = scaled(images, 127.5, 127.5)
        if tuple(shown.shape[2:]) != INPUT:
            shown = functional.interpolate(shown, INPUT, mode="bilinear", antialias=True)
        maps: Tensor = self.trunk(shown)
        return maps

    def forward(self, images: Tensor) -> Tensor:
        """[B, 10]."""
        vector: Tensor = self.embed(self.maps(images))
        return vector

    def shape(self, takes: Takes) -> FeatureShape:
        """See `Backbone`."""
        return FeatureShape(WIDTHS[-1]) if takes == "vector" else FeatureShape(64, 1, 18)
