"""Direct regression: the target itself, by L1, L2 or Huber loss.

A density comes from the residuals on training examples: Laplace for L1, whose likelihood that loss
is, and Gaussian for L2 and Huber.
"""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import smooth_l1_loss

from edgereg.core.model_spec import Target
from edgereg_training.loop.recipe import Strict
from edgereg_training.methods.densities import LaplaceProduct, gaussian
from edgereg_training.methods.layers import output_layer
from edgereg_training.methods.method import Density, FeatureShape, Head
from edgereg_training.methods.target_range import TargetRange


class DirectSettings(Strict):
    """loss: of the error. beta: error, in the target's unit, at which Huber's turns linear."""

    name: Literal["direct"] = "direct"
    loss: Literal["l1", "l2", "huber"] = "l1"
    beta: float = Field(default=1.0, gt=0)

    def head(self, features: FeatureShape, targets: tuple[Target, ...]) -> DirectHead:
        """See `method.MethodSettings`."""
        return DirectHead(self, features, targets)


class DirectHead(Head):
    """One linear output per target. spread: [D] in units, the residuals' scale or deviation."""

    spread: Tensor

    def __init__(
        self, settings: DirectSettings, features: FeatureShape, targets: tuple[Target, ...]
    ) -> None:
        super().__init__()
        self.settings, self.targets = settings, targets
        self.range = TargetRange(targets)
        self.output = output_layer(features.channels, len(targets))
        # Before `fit`: the deviation of a uniform distribution over the range.
        self.register_buffer("spread", self.range.reach / 3**0.5)

    def loss(
        self, features: Tensor, targets: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The loss of errors in half ranges, summed over targets."""
        error = self.output(features) - self.range.normalise(targets)
        if self.settings.loss == "l1":
            each = error.abs()
        elif self.settings.loss == "l2":
            each = error.square()
        else:
            units = error * self.range.reach
            each = smooth_l1_loss(
                units, torch.zeros_like(units), reduction="none", beta=self.settings.beta
            )
            each = each / self.range.reach
        return {"loss": each.sum(-1).mean()}

    def value(self, features: Tensor) -> Tensor:
        """[B, D]."""
        return self.range.restore(self.output(features))

    def density(self, features: Tensor) -> Density:
        """Of the same width for all images."""
        value = self.value(features)
        spread = self.spread.expand_as(value)
        return (
            LaplaceProduct(value, spread) if self.settings.loss == "l1" else gaussian(value, spread)
        )

    @torch.no_grad()
    def fit(self, features: Tensor, targets: Tensor) -> None:
        """Set `spread` to its maximum-likelihood value."""
        error = targets - self.value(features)
        found = error.abs().mean(0) if self.settings.loss == "l1" else error.square().mean(0).sqrt()
        # A residual of exactly 0 would make a density without width.
        self.spread.copy_(torch.maximum(found, 1e-6 * self.range.reach))
