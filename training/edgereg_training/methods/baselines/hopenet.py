"""HopeNet: coarse bins by cross entropy, and their expectation by squared error.

"Fine-Grained Head Pose Estimation Without Keypoints" (CVPR Workshops 2018, section 3.2): 66 bins
of 3 degrees over +-99 for each angle, value 3 sum_k k p_k - 99, loss CE + alpha MSE.
"""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import cross_entropy

from edgereg.core.model_spec import Target
from edgereg_training.loop.recipe import Strict
from edgereg_training.methods.densities import Levels
from edgereg_training.methods.densities.level_grid import LevelGrid
from edgereg_training.methods.layers import output_layer
from edgereg_training.methods.method import FeatureShape, Head
from edgereg_training.methods.target_range import check_targets

ANGLE_LIMIT = 99.0
# The squared error counts thirds of a bin, which are the paper's degrees.
PARTS = 3.0


class HopenetSettings(Strict):
    """bins: of each target; a target in degrees within +-99 has them over +-99, any other over its
    range. alpha: weight of the squared error.

    expectation: 'left' counts each bin at its left edge as published, so that a sharp prediction
    is up to a bin low before the squared error corrects it; 'centre' at its middle.
    """

    name: Literal["hopenet"] = "hopenet"
    bins: int = Field(default=66, ge=2)
    alpha: float = Field(default=2.0, ge=0)
    expectation: Literal["left", "centre"] = "left"

    def head(self, features: FeatureShape, targets: tuple[Target, ...]) -> HopenetHead:
        """See `method.MethodSettings`."""
        return HopenetHead(self, features, targets)


class HopenetHead(Head):
    """A logit for each bin of each target, linear in the features."""

    def __init__(
        self, settings: HopenetSettings, features: FeatureShape, targets: tuple[Target, ...]
    ) -> None:
        super().__init__()
        self.settings, self.targets = settings, targets
        self.grid = _bins(targets, settings.bins)
        self.output = output_layer(features.channels, settings.bins * len(targets))

    def loss(
        self, features: Tensor, targets: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """CE + alpha (E - y)^2, summed over targets."""
        logits = self._logits(features)
        level = self.grid.level(targets)
        entropy = cross_entropy(logits.flatten(0, 1), level.flatten(), reduction="sum")
        error = PARTS * (self._position(logits) - self.grid.position(targets))
        squared = error.square().sum(-1).mean()
        entropy = entropy / len(targets)
        return {
            "loss": entropy + self.settings.alpha * squared,
            "cross_entropy": entropy,
            "l2": squared,
        }

    def value(self, features: Tensor) -> Tensor:
        """The expectation: [B, D]."""
        return self.grid.value(self._position(self._logits(features)))

    def density(self, features: Tensor) -> Levels:
        """p(y|x) over the bins that the cross entropy learns."""
        return self.grid.density(torch.softmax(self._logits(features), dim=-1))

    def _position(self, logits: Tensor) -> Tensor:
        """Expected level; the grid's levels are the bins' centres."""
        shift = 0.5 if self.settings.expectation == "left" else 0.0
        return self.grid.expected(torch.softmax(logits, dim=-1)) - shift

    def _logits(self, features: Tensor) -> Tensor:
        """[B, D, N]."""
        logits: Tensor = self.output(features)
        return logits.reshape(-1, len(self.targets), self.grid.count)


def _bins(targets: tuple[Target, ...], count: int) -> LevelGrid:
    """Levels at the centres of bins that divide each target's range."""
    check_targets(targets)
    ranges = []
    for target in targets:
        angle = target.unit in ("degree", "degrees", "deg")
        narrow = max(-target.low, target.high) <= ANGLE_LIMIT
        usual = (-ANGLE_LIMIT, ANGLE_LIMIT)
        ranges.append(usual if angle and narrow else (target.low, target.high))
    step = tuple((high - low) / count for low, high in ranges)
    low = tuple(low + width / 2 for (low, _), width in zip(ranges, step, strict=True))
    return LevelGrid(low, step, count)
