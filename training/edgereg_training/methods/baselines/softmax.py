"""Softmax over levels, its expectation as the value.

"Deep expectation of real and apparent age from a single image without facial landmarks" (DEX, IJCV
2018) for the expectation; "Mean-Variance Loss for Deep Age Estimation from a Face" (CVPR 2018,
Eq. 6) for the losses of the mean and of the variance. The EBM paper's baselines "Softmax (CE, L2)"
and "Softmax (CE, L2, Var)", with weights 0.1 and 0.05.
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
from edgereg_training.methods.densities.level_grid import grid_over
from edgereg_training.methods.layers import output_layer
from edgereg_training.methods.method import FeatureShape, Head


class SoftmaxSettings(Strict):
    """levels: of each target, over its range (101 for ages 0..100, 151 for angles -75..75).

    l2, variance: weights of the squared error of the expectation and of the predicted variance
    beside the cross entropy; both in levels, which are the units where a level is one unit.
    """

    name: Literal["softmax"] = "softmax"
    levels: int = Field(default=101, ge=2)
    l2: float = Field(default=0.1, ge=0)
    variance: float = Field(default=0.0, ge=0)

    def head(self, features: FeatureShape, targets: tuple[Target, ...]) -> SoftmaxHead:
        """See `method.MethodSettings`."""
        return SoftmaxHead(self, features, targets)


class SoftmaxHead(Head):
    """A logit for each level of each target, linear in the features."""

    def __init__(
        self, settings: SoftmaxSettings, features: FeatureShape, targets: tuple[Target, ...]
    ) -> None:
        super().__init__()
        self.settings, self.targets = settings, targets
        self.grid = grid_over(targets, settings.levels)
        self.output = output_layer(features.channels, settings.levels * len(targets))

    def loss(
        self, features: Tensor, targets: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """CE + l2 (E - y)^2 + variance Var, summed over targets."""
        logits = self._logits(features)
        level = self.grid.level(targets)
        entropy = cross_entropy(logits.flatten(0, 1), level.flatten(), reduction="none")
        probabilities = torch.softmax(logits, dim=-1)
        expected = self.grid.expected(probabilities)
        squared = (expected - self.grid.position(targets)).square()
        index = torch.arange(self.grid.count, device=logits.device)
        variance = (probabilities * (index - expected[..., None]).square()).sum(-1)
        parts = {
            "cross_entropy": entropy.view_as(squared).sum(-1).mean(),
            "l2": squared.sum(-1).mean(),
            "variance": variance.sum(-1).mean(),
        }
        total = parts["cross_entropy"] + self.settings.l2 * parts["l2"]
        return {"loss": total + self.settings.variance * parts["variance"], **parts}

    def value(self, features: Tensor) -> Tensor:
        """The expectation: [B, D]."""
        return self.grid.value(self.grid.expected(torch.softmax(self._logits(features), dim=-1)))

    def density(self, features: Tensor) -> Levels:
        """p(y|x)."""
        return self.grid.density(torch.softmax(self._logits(features), dim=-1))

    def _logits(self, features: Tensor) -> Tensor:
        """[B, D, N]."""
        logits: Tensor = self.output(features)
        return logits.reshape(-1, len(self.targets), self.grid.count)
