"""A mixture of Gaussians whose weights, means and variances are the network's (mixture density
network, Bishop 1994), the EBM paper's baseline with 2, 4 and 8 components."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from edgereg.core.model_spec import Target
from edgereg_training.loop.recipe import Strict
from edgereg_training.methods.baselines.gaussian import LOG_VARIANCE
from edgereg_training.methods.densities import GaussianMixture, diagonal_mixture
from edgereg_training.methods.layers import bounded, output_layer
from edgereg_training.methods.method import FeatureShape, Head
from edgereg_training.methods.target_range import TargetRange


class MixtureSettings(Strict):
    """components: K; each has independent targets. decoder: the value is the mixture's mean or its
    mode, the argmax of its density."""

    name: Literal["mixture"] = "mixture"
    components: int = Field(default=4, gt=0)
    decoder: Literal["mean", "mode"] = "mean"

    def head(self, features: FeatureShape, targets: tuple[Target, ...]) -> MixtureHead:
        """See `method.MethodSettings`."""
        return MixtureHead(self, features, targets)


class MixtureHead(Head):
    """K log weights, then K means and K log variances of each target, linear in the features."""

    def __init__(
        self, settings: MixtureSettings, features: FeatureShape, targets: tuple[Target, ...]
    ) -> None:
        super().__init__()
        self.settings, self.targets = settings, targets
        self.range = TargetRange(targets)
        count, size = settings.components, len(targets)
        self.output = output_layer(features.channels, count * (1 + 2 * size))
        with torch.no_grad():
            # Means evenly over the range, else the components would start and stay the same.
            start = (2 * torch.arange(count) + 1) / count - 1
            means = self.output.bias[count : count + count * size].view(count, size)
            means.copy_(start[:, None].expand(count, size))

    def loss(
        self, features: Tensor, targets: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """-logsumexp_k(log w_k + log N_k) in half ranges."""
        points = self.range.normalise(targets)[:, None]
        return {"loss": -self._normalised(features).log_prob(points).mean()}

    def value(self, features: Tensor) -> Tensor:
        """[B, D]."""
        mixture = self._normalised(features)
        found = mixture.mean() if self.settings.decoder == "mean" else mixture.mode()
        return self.range.restore(found)

    def density(self, features: Tensor) -> GaussianMixture:
        """p(y|x)."""
        mixture = self._normalised(features)
        scale = self.range.reach[:, None]
        return GaussianMixture(
            mixture.log_weights, self.range.restore(mixture.means), mixture.cholesky * scale
        )

    def _normalised(self, features: Tensor) -> GaussianMixture:
        """p(y|x) where each target's range is -1..1."""
        count, size = self.settings.components, len(self.targets)
        weights, means, raw = self.output(features).split([count, count * size, count * size], -1)
        std = (bounded(raw, *LOG_VARIANCE) / 2).exp()
        shape = (-1, count, size)
        return diagonal_mixture(
            torch.log_softmax(weights, dim=-1), means.reshape(shape), std.reshape(shape)
        )
