"""The head detector: a backbone, a feature pyramid, one head for all its levels; in three designs.

The lite one stands on the first stages of EfficientNet-Lite0, which can start from ImageNet's
weights: what they know of photographs, rendered people can't teach. The dense one is made of 3 x 3
convolutions throughout. The slim one takes a third of the time of both on one core: each stage
halves the resolution by a dense 3 x 3 convolution, then mixes places by depthwise convolutions of
growing extent and channels by 1 x 1 convolutions, as ConvNeXt does (CVPR 2022, figure 4). All use
ReLU and batch normalisation, which every engine folds away. Widths and depths of the slim one were
chosen by the time that ONNX Runtime takes on one core, after SCRFD (ICLR 2022): most of it goes to
strides 8 and 16, where small heads are found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, relu

from edgereg_training.backbones.efficientnet_lite import LITE0
from edgereg_training.backbones.timm_models import create, fix_padding

STRIDES = (8, 16, 32)
Design = Literal["slim", "dense", "lite"]
# Of EfficientNet-Lite0's last but one stage the lite design takes so many blocks of four.
LITE_LAST_BLOCKS = 2


@dataclass(frozen=True)
class DetectorConfig:
    """Sizes of the network.

    design: what the stages are made of. widths: channels at strides 2, 4, 8, 16 and 32. depths:
    blocks at strides 4 to 32. kernels: side of their depthwise convolutions; expansion: of channels
    within a block, both of the slim design alone. The lite design takes widths and depths from
    EfficientNet-Lite0. pyramid: channels of the feature pyramid. features: channels of the map that
    the energy pools. pool: bins per side of the energy's pooling. hidden: widths of the energy's
    hidden layers.
    """

    design: Design = "slim"
    widths: tuple[int, int, int, int, int] = (16, 32, 48, 96, 160)
    depths: tuple[int, int, int, int] = (0, 2, 4, 3)
    kernels: tuple[int, int, int, int] = (3, 5, 5, 7)
    expansion: int = 2
    pyramid: int = 48
    features: int = 32
    pool: int = 5
    hidden: tuple[int, ...] = (96, 64)


DESIGNS: dict[Design, DetectorConfig] = {
    "slim": DetectorConfig(),
    "dense": DetectorConfig("dense", widths=(16, 32, 64, 96, 128), depths=(1, 2, 2, 1), pyramid=64),
    "lite": DetectorConfig("lite", widths=(16, 24, 40, 112, 192), pyramid=80),
}


@dataclass(frozen=True)
class RawDetections:
    """What the network says at each of A anchor points (all levels after each other).

    logits: [B, A], quality of the box as a logit. boxes: [B, A, 4] in image pixels.
    points: [A, 2], the anchor points in image pixels. strides: [A]. features: [B, C, H/8, W/8].
    """

    logits: Tensor
    boxes: Tensor
    points: Tensor
    strides: Tensor
    features: Tensor


def _conv(
    inputs: int,
    outputs: int,
    kernel: int = 3,
    stride: int = 1,
    groups: int = 1,
    active: bool = True,
) -> nn.Sequential:
    """Convolution, batch normalisation and, where `active`, ReLU."""
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    return nn.Sequential(*layers, *([nn.ReLU(inplace=True)] if active else []))


def _separable(inputs: int, outputs: int) -> nn.Sequential:
    """A depthwise 3 x 3 convolution, then a 1 x 1 convolution with ReLU."""
    return nn.Sequential(
        _conv(inputs, inputs, groups=inputs, active=False), _conv(inputs, outputs, kernel=1)
    )


class _DenseBlock(nn.Module):
    """Residual block of two 3 x 3 convolutions."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _conv(width, width)
        self.second = _conv(width, width, active=False)
        nn.init.zeros_(self.second.get_parameter("1.weight"))  # starts as the identity

    def forward(self, x: Tensor) -> Tensor:
        return relu(x + self.second(self.first(x)))


class _Block(nn.Module):
    """Residual block: a depthwise convolution, then two 1 x 1 convolutions through more
    channels."""

    def __init__(self, width: int, kernel: int, expansion: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            _conv(width, width, kernel, groups=width, active=False),
            _conv(width, width * expansion, kernel=1),
            _conv(width * expansion, width, kernel=1, active=False),
        )
        nn.init.zeros_(self.inner.get_parameter("2.1.weight"))  # starts as the identity

    def forward(self, x: Tensor) -> Tensor:
        mixed: Tensor = self.inner(x)
        return x + mixed


def _stages(config: DetectorConfig) -> tuple[nn.Module, nn.ModuleList]:
    """Stem (stride 2) and four stages, each of which halves the sides, of our own blocks."""
    w = config.widths
    stages = nn.ModuleList(
        nn.Sequential(
            _conv(inputs, outputs, stride=2),
            *(
                _DenseBlock(outputs)
                if config.design == "dense"
                else _Block(outputs, kernel, config.expansion)
                for _ in range(depth)
            ),
        )
        for inputs, outputs, depth, kernel in zip(
            w[:-1], w[1:], config.depths, config.kernels, strict=True
        )
    )
    return _conv(3, w[0], stride=2), stages


def _lite0() -> tuple[nn.Module, nn.ModuleList]:
    """The same of EfficientNet-Lite0, its layers in their order."""
    model: Any = create(LITE0, False)
    fix_padding(model)
    blocks = model.blocks
    stages = (
        blocks[1],
        blocks[2],
        nn.Sequential(blocks[3], blocks[4]),
        blocks[5][:LITE_LAST_BLOCKS],
    )
    return nn.Sequential(model.conv_stem, model.bn1, blocks[0]), nn.ModuleList(stages)


class HeadDetector(nn.Module):
    """Finds heads in images whose sides are multiples of 32."""

    def __init__(self, config: DetectorConfig) -> None:
        super().__init__()
        w, p = config.widths, config.pyramid
        self.config = config
        dense = config.design == "dense"
        self.stem, self.stages = _lite0() if config.design == "lite" else _stages(config)
        self.laterals = nn.ModuleList(_conv(width, p, kernel=1, active=False) for width in w[2:])
        mix, last = (_conv, 3) if dense else (_separable, 1)
        self.fuse = nn.ModuleList(mix(p, p) for _ in STRIDES)
        self.tower = mix(p, p) if dense else nn.Sequential(mix(p, p), mix(p, p))
        self.quality = nn.Conv2d(p, 1, last, padding=last // 2)
        self.distances = nn.Conv2d(p, 4, last, padding=last // 2)
        self.level_scale = nn.Parameter(torch.ones(len(STRIDES)))
        self.energy_features = (
            nn.Conv2d(p, config.features, 3, padding=1)
            if dense
            else nn.Sequential(
                _conv(p, p, groups=p, active=False), nn.Conv2d(p, config.features, 1)
            )
        )
        for output, bias in ((self.quality, -4.6), (self.distances, 0.5)):
            # -4.6: a prior of 1 % heads (RetinaNet, section 4.1); 0.5: boxes of about 3 strides.
            nn.init.normal_(output.weight, std=0.01)
            nn.init.constant_(output.get_parameter("bias"), bias)

    def forward(self, images: Tensor) -> RawDetections:
        """images: float [B, 3, H, W] in [-1, 1], H and W multiples of 32."""
        return self.judged(self.maps(images))

    def maps(self, images: Tensor) -> list[Tensor]:
        """What the stages see at strides 8, 16 and 32."""
        x = self.stages[0](self.stem(images))
        maps: list[Tensor] = []
        for stage in list(self.stages)[1:]:
            x = stage(x)
            maps.append(x)
        return maps

    def judged(self, maps: list[Tensor]) -> RawDetections:
        """The heads in what `maps` gives."""
        levels = self._fused(maps)
        logits, boxes, points, strides = [], [], [], []
        for index, level in enumerate(levels):
            tower = self.tower(level)
            grid = _points(level, STRIDES[index])
            distance = self.distances(tower).float() * self.level_scale[index]
            distance = distance.clamp(-6, 6).exp() * STRIDES[index]
            logits.append(self.quality(tower).float().flatten(1))
            boxes.append(_boxes(grid, distance.flatten(2).transpose(1, 2)))
            points.append(grid)
            strides.append(torch.full_like(grid[:, 0], STRIDES[index]))
        return RawDetections(
            torch.cat(logits, 1),
            torch.cat(boxes, 1),
            torch.cat(points),
            torch.cat(strides),
            self.energy_features(levels[0]),
        )

    def _fused(self, maps: list[Tensor]) -> list[Tensor]:
        """The feature pyramid of what `maps` gives."""
        fused: list[Tensor] = []
        above: Tensor | None = None
        for index in reversed(range(len(maps))):
            lateral = self.laterals[index](maps[index])
            if above is not None:
                lateral = lateral + interpolate(above, scale_factor=2.0, mode="nearest")
            above = self.fuse[index](relu(lateral))
            fused.insert(0, above)
        return fused


def _points(level: Tensor, stride: int) -> Tensor:
    """Centres [h * w, 2] (x, y) of the cells of a map [B, C, h, w], in image pixels."""
    height, width = level.shape[2:]
    ys = (torch.arange(height, device=level.device) + 0.5) * stride
    xs = (torch.arange(width, device=level.device) + 0.5) * stride
    # Views rather than `repeat_interleave`, which torch's ONNX exporter gets wrong on free sizes.
    grid = torch.stack([xs[None].expand(height, width), ys[:, None].expand(height, width)], dim=-1)
    return grid.reshape(-1, 2).float()


def _boxes(points: Tensor, distances: Tensor) -> Tensor:
    """Boxes [B, A, 4] from points [A, 2] and distances [B, A, 4] to left, top, right, bottom."""
    return torch.cat([points - distances[..., :2], points + distances[..., 2:]], dim=-1)
