"""BEL-H: heatmaps of points whose values are quantised to a few levels, and the levels encoded.

"Label Encoding for Regression Networks" (ICLR 2022), Table 17 and section C: BEL-H-U and BEL-H-J
are the codes U and J of 8 levels. Every cell of a landmark's map has the bits of its level: of
64 x 64 cells and U that is 8 x 64 x 64 = 32,768 binary classifiers. They are trained by the bits'
cross entropy and read by GEN-EX into a map, whose peak is the point.
"""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from edgereg.core.model_spec import Target
from edgereg_training.loop.recipe import Strict
from edgereg_training.methods.baselines.heatmap import PointMaps
from edgereg_training.methods.bel.code_words import expected_level
from edgereg_training.methods.bel.codes import code_matrix
from edgereg_training.methods.densities import Levels
from edgereg_training.methods.method import FeatureShape, Head


class BelHeatmapSettings(Strict):
    """code: U or J. levels: of a map's values 0..1. sigma, floor: as of the method `heatmap`."""

    name: Literal["bel-h"] = "bel-h"
    code: Literal["U", "J"] = "U"
    levels: int = Field(default=8, ge=2)
    sigma: float = Field(default=1.0, gt=0)
    floor: float = Field(default=0.05, ge=0, lt=1)

    def head(self, features: FeatureShape, targets: tuple[Target, ...]) -> BelHeatmapHead:
        """See `method.MethodSettings`; ValueError where targets are not x, y in turn."""
        return BelHeatmapHead(self, features, targets)


class BelHeatmapHead(Head):
    """The bits of every cell by a convolution of 1 x 1. words: [levels, bits]."""

    takes: Literal["vector", "map"] = "map"
    words: Tensor

    def __init__(
        self, settings: BelHeatmapSettings, features: FeatureShape, targets: tuple[Target, ...]
    ) -> None:
        super().__init__()
        self.settings, self.targets = settings, targets
        self.grid = PointMaps(features, targets)
        words = torch.from_numpy(code_matrix(settings.code, settings.levels)).float()
        self.register_buffer("words", words, persistent=False)
        self.output = nn.Conv2d(features.channels, self.grid.points * words.shape[1], 1)
        nn.init.normal_(self.output.weight, std=0.01)
        nn.init.zeros_(self.output.get_parameter("bias"))

    def loss(
        self, features: Tensor, targets: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Binary cross entropy summed over a point's bits, mean over points."""
        logits = self._bits(features)
        top = self.settings.levels - 1
        levels = (self.grid.wanted(targets, self.settings.sigma) * top).round().long()
        wanted = self.words[levels].to(logits.dtype)
        each = binary_cross_entropy_with_logits(logits, wanted, reduction="none")
        return {"loss": each.sum((-3, -2, -1)).mean()}

    def value(self, features: Tensor) -> Tensor:
        """The peaks of the maps: [B, D]."""
        return self.grid.peaks(self.maps(features))

    def density(self, features: Tensor) -> Levels:
        """The normalised maps, each as its two marginals."""
        return self.grid.density(self.maps(features), self.settings.floor)

    def maps(self, features: Tensor) -> Tensor:
        """Expected values of the maps, 0..1: [B, D / 2, h, w]."""
        return expected_level(self._bits(features), self.words) / (self.settings.levels - 1)

    def _bits(self, features: Tensor) -> Tensor:
        """Logits [B, D / 2, h, w, bits]."""
        found: Tensor = self.output(features)
        width, height = self.grid.cells
        return found.reshape(-1, self.grid.points, self.words.shape[1], height, width).movedim(
            2, -1
        )
