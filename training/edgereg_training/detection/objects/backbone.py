"""A timm network with a feature pyramid at strides 8, 16 and 32, for detectors."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn.functional import interpolate

from edgereg_training.backbones.efficientnet_lite import LITE0, copy_imagenet
from edgereg_training.backbones.timm_models import create, fix_padding

STRIDES = (8, 16, 32)


class Pyramid(nn.Module):
    """Images scaled about zero [B, 3, H, W] -> maps by name ('0' finest), `out_channels` each.

    The trunk's batch norms keep their statistics: batches of detectors are small.
    """

    def __init__(self, name: str, channels: int, pretrained: bool) -> None:
        super().__init__()
        trunk: Any = create(name, False, features_only=True, out_indices=(2, 3, 4))
        self.trunk = trunk
        if pretrained:
            load_imagenet(trunk, name)
        fix_padding(trunk)
        self.out_channels = channels
        widths: list[int] = trunk.feature_info.channels()
        self.laterals = nn.ModuleList(nn.Conv2d(width, channels, 1) for width in widths)
        self.smooth = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=1) for _ in STRIDES)

    def train(self, mode: bool = True) -> Pyramid:
        """See the class."""
        super().train(mode)
        self.trunk.eval()
        return self

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """See the class."""
        maps: list[Tensor] = self.trunk(images)
        merged: list[Tensor] = []
        above: Tensor | None = None
        for lateral, found in zip(reversed(self.laterals), reversed(maps), strict=True):
            own = lateral(found)
            if above is not None:
                own = own + interpolate(above, scale_factor=2.0, mode="nearest")
            above = own
            merged.insert(0, own)
        pairs = zip(self.smooth, merged, strict=True)
        return {str(level): smooth(found) for level, (smooth, found) in enumerate(pairs)}


def load_imagenet(trunk: nn.Module, name: str) -> None:
    """ImageNet weights (Apache-2.0) that a package carries, without a network; of other models
    than EfficientNet-Lite0 timm's own, which it downloads.

    Raises BackboneError where they can't be had.
    """
    if name != LITE0:
        given = create(name, True, features_only=True, out_indices=(2, 3, 4))
        trunk.load_state_dict(given.state_dict())
        return
    copy_imagenet(trunk)
