"""An encoder and decoder with the head of any method on every cell of its map."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgereg.core.model_spec import Target
from edgereg_training.backbones.backbone import scaled
from edgereg_training.backbones.edge import Residual, convolution
from edgereg_training.methods.method import MethodSettings, vector_head

# Sides of the map over sides of the picture.
STRIDE = 4


class DepthNet(nn.Module):
    """Strided convolutions down to the last of `widths`, what the whole picture says added to every
    cell there, and back up to a quarter of the picture's sides, `channels` wide; the head takes the
    cells as if each were a picture of its own. Every place of the finest maps is told where it is:
    what stands lower on the floor is nearer."""

    def __init__(
        self, widths: tuple[int, ...], channels: int, method: MethodSettings, target: Target
    ) -> None:
        super().__init__()
        self.stem = convolution(3, widths[0], 2)
        self.x = nn.Parameter(torch.randn(widths[0], 1, 1) / 4)
        self.y = nn.Parameter(torch.randn(widths[0], 1, 1) / 4)
        self.down = nn.ModuleList(
            nn.Sequential(convolution(before, width, 2), Residual(width, 1))
            for before, width in itertools.pairwise(widths)
        )
        self.whole = nn.Conv2d(widths[-1], widths[-1], 1)
        self.across = nn.ModuleList(convolution(width, channels, 1, 1) for width in widths[1:])
        self.up = nn.ModuleList(convolution(channels, channels, 1) for _ in widths[1:])
        self.head = vector_head(method, channels, target)

    def maps(self, images: Tensor) -> Tensor:
        """[B, channels, H / 4, W / 4] of pictures uint8 [B, H, W, 3], whose sides are multiples of
        4."""
        found = self.stem(scaled(images.to(self.whole.weight.device)))
        high, wide = found.shape[2:]
        found = found + self.x * torch.linspace(-1, 1, wide, device=found.device)
        found = found + self.y * torch.linspace(-1, 1, high, device=found.device)[:, None]
        levels = []
        for layer in self.down:
            found = layer(found)
            levels.append(found)
        levels[-1] = torch.relu(found + self.whole(found.mean((2, 3), keepdim=True)))
        coarse = self.up[-1](self.across[-1](levels[-1]))
        for index in reversed(range(len(levels) - 1)):
            here = self.across[index](levels[index])
            sides = here.shape[2], here.shape[3]
            above = functional.interpolate(coarse, sides, mode="bilinear", align_corners=False)
            coarse = self.up[index](here + above)
        finest: Tensor = coarse
        return finest

    def cells(self, images: Tensor) -> Tensor:
        """What the head takes, float32 [B * h * w, channels]."""
        maps = self.maps(images).float()
        return maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1])

    def loss(self, images: Tensor, depth: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """The head's, over the cells whose depth [B, h, w] is known."""
        cells = self.cells(images)
        wanted = depth.to(cells.device).reshape(-1, 1)
        known = wanted[:, 0] > 0
        with torch.autocast(cells.device.type, enabled=False):
            return self.head.loss(cells[known], wanted[known], generator)
