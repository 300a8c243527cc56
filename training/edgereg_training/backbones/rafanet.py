"""RAFA-Net (Behera et al., ACCV 2020), head pose by a stream of attention for each angle.

ResNet-50 up to 1024 maps is shared. Each of yaw, pitch and roll has a last stage of its own,
self-attention over its maps, and 35 regions pooled from them at six scales and as a whole, which
attend to each other before their weighted sum is the angle's vector of 2048 numbers. BEL trained
this network from the authors' code (its Table 2: 69.8 M parameters).
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

from edgereg_training.backbones.backbone import Backbone, Takes
from edgereg_training.backbones.timm_models import TimmNet, create, load_file_weights
from edgereg_training.loop.errors import BackboneError
from edgereg_training.loop.recipe import Strict
from edgereg_training.methods.method import FeatureShape

# Kernel and stride of the regions' max pooling; together 9 + 9 + 4 + 4 + 4 + 4 + 1 of 7x7 maps.
REGIONS = ((2, 2), (3, 2), (3, 3), (4, 2), (4, 3), (5, 2))
WIDTH, UNITS = 2048, 32


class RafaNetSettings(Strict):
    """pretrained, weights: as of timm models, of 'resnet50'."""

    name: Literal["rafa-net"] = "rafa-net"
    pretrained: bool = False
    weights: Path | None = None

    def build(self, size: int) -> Backbone:
        """Raises BackboneError unless the side is at least 160 px (the paper's is 224)."""
        if size < 160:
            raise BackboneError(f"images of {size} px: RAFA-Net's regions need 160 px or more")
        return RafaNet(self, size)


class RafaNet(Backbone):
    """`streams` are yaw, pitch and roll."""

    streams = 3

    def __init__(self, settings: RafaNetSettings, size: int) -> None:
        super().__init__()
        parts = []
        for _ in range(self.streams):
            model = create("resnet50", settings.pretrained and settings.weights is None)
            if settings.weights is not None:
                load_file_weights(model, settings.weights)
            parts.append(model)
        self.stages = nn.ModuleList(part.get_submodule("layer4") for part in parts)
        shared = parts[0]
        shared.layer4 = nn.Identity()
        self.shared = TimmNet(shared, size, "timm/resnet50")
        self.attention = nn.ModuleList(MapAttention(WIDTH) for _ in parts)
        self.pooling = nn.ModuleList(RegionPooling(WIDTH) for _ in parts)
        self._side = -(-size // 32)

    def maps(self, images: Tensor) -> Tensor:
        """The angles' attended maps, one after another: [B, 3 * 2048, h, w]."""
        base = self.shared.maps(images)
        streams = zip(self.stages, self.attention, strict=True)
        return torch.cat([attention(stage(base)) for stage, attention in streams], dim=1)

    def forward(self, images: Tensor) -> Tensor:
        """[B, 3 * 2048]."""
        maps = self.maps(images).chunk(self.streams, dim=1)
        return torch.cat([pool(part) for pool, part in zip(self.pooling, maps, strict=True)], dim=1)

    def shape(self, takes: Takes) -> FeatureShape:
        """See `Backbone`."""
        side = self._side if takes == "map" else 1
        return FeatureShape(self.streams * WIDTH, side, side)


class MapAttention(nn.Module):
    """Self-attention over places, of spectrally normalised 1x1 convolutions, added with a weight
    that starts at 0."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.key = spectral_norm(nn.Conv2d(width, width // 8, 1))
        self.query = spectral_norm(nn.Conv2d(width, width // 8, 1))
        self.content = spectral_norm(nn.Conv2d(width, width, 1))
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, maps: Tensor) -> Tensor:
        """[B, C, h, w] -> the same shape."""
        key, query = self.key(maps).flatten(2), self.query(maps).flatten(2)
        shares = torch.softmax(query.transpose(1, 2) @ key, dim=2)
        attended = self.content(maps).flatten(2) @ shares.transpose(1, 2)
        result: Tensor = maps + self.weight * attended.reshape(maps.shape)
        return result


class RegionPooling(nn.Module):
    """Maps -> regions -> additive self-attention among them -> their weighted sum, normalised."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.here = nn.Linear(width, UNITS)
        self.there = nn.Linear(width, UNITS, bias=False)
        self.score = nn.Linear(UNITS, 1)
        self.weight = nn.Linear(width, 1)
        self.norm = nn.BatchNorm1d(width)

    def forward(self, maps: Tensor) -> Tensor:
        """[B, C, h, w] -> [B, C]."""
        pooled = [functional.max_pool2d(maps, *region).flatten(2) for region in REGIONS]
        regions = torch.cat([*pooled, maps.amax((2, 3))[..., None]], dim=2).transpose(1, 2)
        pairs = torch.tanh(self.here(regions)[:, :, None] + self.there(regions)[:, None])
        attended = torch.softmax(self.score(pairs)[..., 0], dim=2) @ regions
        shares = torch.softmax(self.weight(attended), dim=1)
        result: Tensor = self.norm((shares * attended).sum(1))
        return result
