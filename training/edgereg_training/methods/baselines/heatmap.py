"""Heatmap regression of points: a map of scores for each point, its peak as the value.

"Stacked Hourglass Networks for Human Pose Estimation" (ECCV 2016, section 3.1): squared error to a
Gaussian of one cell about the point, and the peak moved a quarter cell towards its larger neighbour
on each axis. BEL's baseline "heatmap" for landmarks.
"""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import pad

from edgereg.core.model_spec import Target
from edgereg_training.loop.recipe import Strict
from edgereg_training.methods.densities import Levels
from edgereg_training.methods.method import FeatureShape, Head
from edgereg_training.methods.target_range import check_targets, refuse_nan

# Share of the density that is spread evenly, so that no cell is impossible.
BACKGROUND = 1e-3


class HeatmapSettings(Strict):
    """sigma: of the Gaussian to learn, in cells. floor: share of the peak below which a map is
    taken as empty in the density; what training leaves there is noise."""

    name: Literal["heatmap"] = "heatmap"
    sigma: float = Field(default=1.0, gt=0)
    floor: float = Field(default=0.05, ge=0, lt=1)

    def head(self, features: FeatureShape, targets: tuple[Target, ...]) -> HeatmapHead:
        """See `method.MethodSettings`; ValueError where targets are not x, y in turn."""
        return HeatmapHead(self, features, targets)


class PointMaps:
    """Maps [h, w] of points over the ranges of their x and y, and what is read off them.

    Cell i of n of a range low..high has its centre at low + (i + 0.5) (high - low) / n.
    """

    def __init__(self, features: FeatureShape, targets: tuple[Target, ...]) -> None:
        """Raises ValueError where targets are not x, y in turn, or there are no maps."""
        check_targets(targets)
        if len(targets) % 2:
            raise ValueError(f"heatmaps need targets x, y of each point, got {len(targets)}")
        if min(features.height, features.width) < 2:
            raise ValueError("heatmaps need feature maps, got a vector of features")
        self.points = len(targets) // 2
        self.cells = (features.width, features.height)
        sizes = self.cells * self.points
        self.step = tuple((t.high - t.low) / n for t, n in zip(targets, sizes, strict=True))
        self.low = tuple(t.low + s / 2 for t, s in zip(targets, self.step, strict=True))

    def wanted(self, targets: Tensor, sigma: float) -> Tensor:
        """The maps to learn, 1 at the point and falling by a Gaussian of `sigma` cells: targets
        [B, D] -> [B, D / 2, h, w]."""
        low, step = targets.new_tensor(self.low), targets.new_tensor(self.step)
        place = ((refuse_nan(targets) - low) / step).reshape(len(targets), -1, 2)
        bells: list[Tensor] = []
        for axis, count in enumerate(self.cells):
            index = torch.arange(count, device=targets.device)
            distance = (index - place[..., axis, None]) / sigma
            bells.append((-0.5 * distance.square()).exp())
        return bells[1][..., :, None] * bells[0][..., None, :]

    def peaks(self, maps: Tensor) -> Tensor:
        """The peak of each map, moved a quarter cell on each axis: [B, D / 2, h, w] -> [B, D]."""
        width, height = self.cells
        best = maps.flatten(2).argmax(-1)
        row, column = best // width, best % width
        across = _at(maps, row, column, (0, 1)) - _at(maps, row, column, (0, -1))
        down = _at(maps, row, column, (1, 0)) - _at(maps, row, column, (-1, 0))
        inner_x = (column > 0) & (column < width - 1)
        inner_y = (row > 0) & (row < height - 1)
        x = column + 0.25 * across.sign() * inner_x
        y = row + 0.25 * down.sign() * inner_y
        position = torch.stack([x, y], dim=-1).flatten(1)
        return maps.new_tensor(self.low) + maps.new_tensor(self.step) * position

    def density(self, maps: Tensor, floor: float) -> Levels:
        """The normalised maps above `floor` of their peaks, each as its two marginals."""
        peak = maps.amax((-2, -1), keepdim=True).clamp(min=0)
        mass = (maps - floor * peak).clamp(min=0)
        mass = mass / mass.sum((-2, -1), keepdim=True).clamp(min=1e-6)
        # Also the whole of the density of a map that is nowhere positive.
        rest = 1 - (1 - BACKGROUND) * mass.sum((-2, -1), keepdim=True)
        mass = (1 - BACKGROUND) * mass + rest / (self.cells[0] * self.cells[1])
        across, down = mass.sum(2), mass.sum(3)
        if across.shape == down.shape:
            axes = torch.stack([across, down], 2).flatten(1, 2)
            return Levels.of(axes, self.low, self.step)
        pairs = zip(across.unbind(1), down.unbind(1), strict=True)
        return Levels(tuple(axis for pair in pairs for axis in pair), self.low, self.step)


class HeatmapHead(Head):
    """One map of each point by a convolution of 1 x 1, see PointMaps."""

    takes: Literal["vector", "map"] = "map"

    def __init__(
        self, settings: HeatmapSettings, features: FeatureShape, targets: tuple[Target, ...]
    ) -> None:
        super().__init__()
        self.settings, self.targets = settings, targets
        self.grid = PointMaps(features, targets)
        self.output = nn.Conv2d(features.channels, self.grid.points, 1)
        nn.init.normal_(self.output.weight, std=0.01)
        nn.init.zeros_(self.output.get_parameter("bias"))

    def loss(
        self, features: Tensor, targets: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Squared error summed over a point's cells, mean over points."""
        wanted = self.grid.wanted(targets, self.settings.sigma).to(features.dtype)
        squared = (self.output(features) - wanted).square()
        return {"loss": squared.sum((-2, -1)).mean()}

    def value(self, features: Tensor) -> Tensor:
        """The peaks: [B, D]."""
        return self.grid.peaks(self.output(features))

    def density(self, features: Tensor) -> Levels:
        """The normalised maps."""
        return self.grid.density(self.output(features), self.settings.floor)


def _at(maps: Tensor, row: Tensor, column: Tensor, shift: tuple[int, int]) -> Tensor:
    """Values [B, P] of maps [B, P, h, w] at (row, column) + shift, 0 beyond the border."""
    padded = pad(maps, (1, 1, 1, 1))
    place = (row + 1 + shift[0]) * padded.shape[-1] + column + 1 + shift[1]
    return padded.flatten(2).gather(2, place[..., None])[..., 0]
