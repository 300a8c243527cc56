"""HRNetV2-W18 with BEL's coordinate head: a vector of 1024 numbers of each landmark coordinate.

The four branches of HRNet (18, 36, 72 and 144 channels) are scaled to a quarter of the picture and
joined (270 channels); a 1x1 convolution, max pooling to an eighth, and a 1x1 convolution give one
map of each coordinate, which is flattened. A head follows for each coordinate on its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from edgereg_training.backbones.backbone import Backbone, Takes, scaled
from edgereg_training.backbones.timm_models import create, load_file_weights
from edgereg_training.loop.errors import BackboneError
from edgereg_training.loop.recipe import Strict
from edgereg_training.methods.method import FeatureShape

_BRANCHES = (1, 2, 3, 4)
_JOINED = 18 + 36 + 72 + 144


class HrnetSettings(Strict):
    """coordinates: two of each landmark (136 of 68). pretrained, weights: as of timm models, of
    'hrnet_w18'."""

    name: Literal["hrnetv2-w18-coordinate"] = "hrnetv2-w18-coordinate"
    coordinates: int = Field(default=136, gt=0)
    pretrained: bool = False
    weights: Path | None = None

    def build(self, size: int) -> Backbone:
        """Raises BackboneError unless the side is a multiple of 32 (the paper's is 256)."""
        if size % 32 or size < 64:
            raise BackboneError(f"images of {size} px: HRNet takes multiples of 32 px from 64 on")
        return HrnetCoordinates(self, size)


class HrnetCoordinates(Backbone):
    """See the module. `streams` is the number of coordinates."""

    def __init__(self, settings: HrnetSettings, size: int) -> None:
        super().__init__()
        self.streams = settings.coordinates
        self._side = size // 8
        fetch = settings.pretrained and settings.weights is None
        self.trunk = create(
            "hrnet_w18", fetch, features_only=True, feature_location="", num_classes=1000
        )
        if settings.weights is not None:
            load_file_weights(self.trunk, settings.weights)
        self.coordinate = nn.Sequential(
            nn.Conv2d(_JOINED, _JOINED, 1),
            nn.BatchNorm2d(_JOINED, momentum=0.01),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, 1),
            nn.Conv2d(_JOINED, settings.coordinates, 1),
            nn.BatchNorm2d(settings.coordinates, momentum=0.01),
            nn.ReLU(),
        )

    def maps(self, images: Tensor) -> Tensor:
        """One map of each coordinate: [B, coordinates, S / 8, S / 8]."""
        found = self.trunk(scaled(images, 118.0, 58.0))
        branches = [found[index] for index in _BRANCHES]
        side = branches[0].shape[2:]
        joined = [branches[0]] + [
            functional.interpolate(branch, side, mode="bilinear", align_corners=True)
            for branch in branches[1:]
        ]
        maps: Tensor = self.coordinate(torch.cat(joined, dim=1))
        return maps

    def forward(self, images: Tensor) -> Tensor:
        """[B, coordinates * (S / 8)^2]."""
        return self.maps(images).flatten(1)

    def shape(self, takes: Takes) -> FeatureShape:
        """See `Backbone`."""
        if takes == "map":
            return FeatureShape(self.streams, self._side, self._side)
        return FeatureShape(self.streams * self._side**2)
