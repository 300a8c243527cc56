"""A backbone and a head of any method: images in, values and densities out."""

from __future__ import annotations

from typing import get_args

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from edgereg.core.model_spec import Target
from edgereg_training.backbones.backbone import Backbone, Takes
from edgereg_training.loop.errors import RecipeError
from edgereg_training.methods.method import Density, Head, MethodSettings
from edgereg_training.methods.per_target import IndependentHead


class RegressionNet(nn.Module):
    """`extract` gives features; the other members take images, uint8 [B, S, S, 3] RGB."""

    def __init__(self, backbone: Backbone, head: Head) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head

    def extract(self, images: Tensor) -> Tensor:
        """What the head takes, float32: [B, F], or maps [B, C, h, w]."""
        images = images.to(next(self.parameters()).device)
        takes_maps = self.head.takes == "map"
        found: Tensor = self.backbone.maps(images) if takes_maps else self.backbone(images)
        return found.float()

    def loss(
        self, images: Tensor, targets: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The head's loss; under autocast only the backbone computes in half precision."""
        features = self.extract(images)
        with torch.autocast(features.device.type, enabled=False):
            return self.head.loss(features, targets.to(features.device), generator)

    @property
    def fits(self) -> bool:
        """Whether the head has a closed-form part, so that its `fit` does something."""
        return type(self.head).fit is not Head.fit

    def value(self, images: Tensor) -> Tensor:
        """[B, D] in units."""
        return self.head.value(self.extract(images))

    def density(self, images: Tensor) -> Density:
        """p(y|x)."""
        return self.head.density(self.extract(images))


def build_net(
    backbone: Backbone, method: MethodSettings, targets: tuple[Target, ...]
) -> RegressionNet:
    """A backbone with a new head of a method, one of each target where the backbone has as many
    streams; RecipeError where they do not go together."""
    if backbone.streams > 1:
        return RegressionNet(backbone, head_of_streams(backbone, method, targets))
    faults = []
    for takes in get_args(Takes):
        try:
            head = method.head(backbone.shape(takes), targets)
        except ValueError as error:
            faults.append(str(error))
            continue
        if head.takes == takes:
            return RegressionNet(backbone, head)
    raise RecipeError(f"method '{method.name}' can't have these targets: {faults[-1]}")


def head_of_streams(
    backbone: Backbone, method: MethodSettings, targets: tuple[Target, ...]
) -> Head:
    """A head for each stream of the backbone; RecipeError where they do not go together."""
    if backbone.streams != len(targets):
        raise RecipeError(f"the backbone predicts {backbone.streams} targets, not {len(targets)}")
    try:
        return IndependentHead(method, backbone.shape("vector"), targets)
    except ValueError as error:
        raise RecipeError(f"method '{method.name}' can't have these targets: {error}") from error


def features_of(net: RegressionNet, images: npt.NDArray[np.uint8], batch: int = 500) -> Tensor:
    """What the head takes, of images uint8 [N, S, S, 3] in parts of `batch`, in evaluation mode
    and without gradient."""
    net.eval()
    parts = []
    with torch.no_grad():
        for start in range(0, len(images), batch):
            part = np.ascontiguousarray(images[start : start + batch])
            parts.append(net.extract(torch.from_numpy(part)))
    return torch.cat(parts)
