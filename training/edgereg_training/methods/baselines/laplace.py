"""A Laplace distribution with location and scale of the network; of each target, or of all jointly.

The EBM paper's baseline "Laplace" for age (one target) and for head pose (three).
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from edgereg.core.model_spec import Target
from edgereg_training.loop.recipe import Strict
from edgereg_training.methods.densities import LaplaceProduct, RadialLaplace
from edgereg_training.methods.layers import bounded, output_layer
from edgereg_training.methods.method import FeatureShape, Head
from edgereg_training.methods.target_range import TargetRange

# Of log scales, where the range is -1..1.
LOG_SCALE = (-7.0, 3.0)


class LaplaceSettings(Strict):
    """kind: 'product' of one Laplace per target, or 'multivariate': exp(-|(y - location) / scale|)
    with the norm over all targets."""

    name: Literal["laplace"] = "laplace"
    kind: Literal["product", "multivariate"] = "product"

    def head(self, features: FeatureShape, targets: tuple[Target, ...]) -> LaplaceHead:
        """See `method.MethodSettings`."""
        return LaplaceHead(self, features, targets)


class LaplaceHead(Head):
    """Location and log scale of each target, linear in the features."""

    def __init__(
        self, settings: LaplaceSettings, features: FeatureShape, targets: tuple[Target, ...]
    ) -> None:
        super().__init__()
        self.settings, self.targets = settings, targets
        self.range = TargetRange(targets)
        self.output = output_layer(features.channels, 2 * len(targets))

    def loss(
        self, features: Tensor, targets: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The negative log-likelihood in half ranges, without constants.

        Product: sum |y - location| e^-s + s, s = log scale. Multivariate: the norm of
        (y - location) e^-s over targets, plus sum s: the paper's Eq. S10, which is twice that of
        its density S9 and so has the same optimum, the true scale.
        """
        location, log_scale = self._shape_of(features)
        scaled = (self.range.normalise(targets) - location) * (-log_scale).exp()
        if self.settings.kind == "product":
            distance = scaled.abs().sum(-1)
        else:
            distance = torch.linalg.vector_norm(scaled, dim=-1)
        return {"loss": (distance + log_scale.sum(-1)).mean()}

    def value(self, features: Tensor) -> Tensor:
        """The location: [B, D]."""
        return self.range.restore(self._shape_of(features)[0])

    def density(self, features: Tensor) -> LaplaceProduct | RadialLaplace:
        """p(y|x)."""
        location, log_scale = self._shape_of(features)
        family = LaplaceProduct if self.settings.kind == "product" else RadialLaplace
        return family(self.range.restore(location), log_scale.exp() * self.range.reach)

    def _shape_of(self, features: Tensor) -> tuple[Tensor, Tensor]:
        location, raw = self.output(features).chunk(2, dim=-1)
        return location, bounded(raw, *LOG_SCALE)
