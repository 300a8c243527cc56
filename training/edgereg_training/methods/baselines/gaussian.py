"""A Gaussian with mean and variance of the network, independent targets.

"What Uncertainties Do We Need in Bayesian Deep Learning for Computer Vision?" (NeurIPS 2017,
Eq. 5); the EBM paper's baseline "Gaussian".
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from edgereg.core.model_spec import Target
from edgereg_training.loop.recipe import Strict
from edgereg_training.methods.densities import GaussianMixture, gaussian
from edgereg_training.methods.layers import bounded, output_layer
from edgereg_training.methods.method import FeatureShape, Head
from edgereg_training.methods.target_range import TargetRange

# Of log variances, where the range is -1..1: deviations between 0.0005 and 10 ranges.
LOG_VARIANCE = (-14.0, 6.0)


class GaussianSettings(Strict):
    """No keys beside the name."""

    name: Literal["gaussian"] = "gaussian"

    def head(self, features: FeatureShape, targets: tuple[Target, ...]) -> GaussianHead:
        """See `method.MethodSettings`."""
        return GaussianHead(features, targets)


class GaussianHead(Head):
    """Mean and log variance of each target, linear in the features."""

    def __init__(self, features: FeatureShape, targets: tuple[Target, ...]) -> None:
        super().__init__()
        self.targets = targets
        self.range = TargetRange(targets)
        self.output = output_layer(features.channels, 2 * len(targets))

    def loss(
        self, features: Tensor, targets: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """(y - mean)^2 e^-s + s with s = log variance, in half ranges, summed over targets."""
        mean, log_variance = self._shape_of(features)
        error = self.range.normalise(targets) - mean
        each = error.square() * (-log_variance).exp() + log_variance
        return {"loss": each.sum(-1).mean()}

    def value(self, features: Tensor) -> Tensor:
        """The mean: [B, D]."""
        return self.range.restore(self._shape_of(features)[0])

    def density(self, features: Tensor) -> GaussianMixture:
        """p(y|x)."""
        mean, log_variance = self._shape_of(features)
        return gaussian(self.range.restore(mean), (log_variance / 2).exp() * self.range.reach)

    def _shape_of(self, features: Tensor) -> tuple[Tensor, Tensor]:
        mean, raw = self.output(features).chunk(2, dim=-1)
        return mean, bounded(raw, *LOG_VARIANCE)
