"""The head detector: a residual backbone, a feature pyramid, one head for all its levels.

Dense 3 x 3 convolutions with ReLU throughout: on a CPU they cost less time per parameter of use
than depthwise ones, and every engine fuses them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, relu

STRIDES = (8, 16, 32)


@dataclass(frozen=True)
class DetectorConfig:
    """Sizes of the network.

    widths: channels at strides 2, 4, 8, 16 and 32. depths: residual blocks at strides 4 to 32.
    pyramid: channels of the feature pyramid. features: channels of the map that the energy pools.
    pool: bins per side of the energy's pooling. hidden: widths of the energy's hidden layers.
    """

    widths: tuple[int, int, int, int, int] = (16, 32, 64, 96, 128)
    depths: tuple[int, int, int, int] = (1, 2, 2, 1)
    pyramid: int = 64
    features: int = 32
    pool: int = 5
    hidden: tuple[int, ...] = (96, 64)


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


def _conv(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution, batch normalisation, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class _Block(nn.Module):
    """Residual block of two 3 x 3 convolutions."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _conv(width, width)
        self.second = nn.Sequential(
            nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
        )
        nn.init.zeros_(self.second.get_parameter("1.weight"))  # starts as the identity

    def forward(self, x: Tensor) -> Tensor:
        return relu(x + self.second(self.first(x)))


def _stage(inputs: int, outputs: int, depth: int) -> nn.Sequential:
    """Halve the resolution, then `depth` residual blocks."""
    return nn.Sequential(_conv(inputs, outputs, stride=2), *(_Block(outputs) for _ in range(depth)))


class HeadDetector(nn.Module):
    """Finds heads in images whose sides are multiples of 32."""

    def __init__(self, config: DetectorConfig) -> None:
        super().__init__()
        w, p = config.widths, config.pyramid
        self.config = config
        self.stem = _conv(3, w[0], stride=2)
        self.stages = nn.ModuleList(
            _stage(a, b, depth) for a, b, depth in zip(w[:-1], w[1:], config.depths, strict=True)
        )
        self.laterals = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, p, 1, bias=False), nn.BatchNorm2d(p)) for width in w[2:]
        )
        self.fuse = nn.ModuleList(_conv(p, p) for _ in STRIDES)
        self.tower = _conv(p, p)
        self.quality = nn.Conv2d(p, 1, 3, padding=1)
        self.distances = nn.Conv2d(p, 4, 3, padding=1)
        self.level_scale = nn.Parameter(torch.ones(len(STRIDES)))
        self.energy_features = nn.Conv2d(p, config.features, 3, padding=1)
        for output, bias in ((self.quality, -4.6), (self.distances, 0.5)):
            # -4.6: a prior of 1 % heads (RetinaNet, section 4.1); 0.5: boxes of about 3 strides.
            nn.init.normal_(output.weight, std=0.01)
            nn.init.constant_(output.get_parameter("bias"), bias)

    def forward(self, images: Tensor) -> RawDetections:
        """images: float [B, 3, H, W] in [-1, 1], H and W multiples of 32."""
        levels = self._pyramid(images)
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

    def _pyramid(self, images: Tensor) -> list[Tensor]:
        """Fused maps at strides 8, 16 and 32."""
        x = self.stages[0](self.stem(images))
        maps: list[Tensor] = []
        for stage in list(self.stages)[1:]:
            x = stage(x)
            maps.append(x)
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
