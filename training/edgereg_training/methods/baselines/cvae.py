"""Conditional variational autoencoder: p(y|x) = E over z of p(y|x,z), z of a learned prior p(z|x).

"Learning Structured Output Representation using Deep Conditional Generative Models" (NIPS 2015,
Eq. 4: the evidence lower bound); a baseline of the EBM paper's talk.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import silu

from edgereg.core.model_spec import Target
from edgereg_training.loop.recipe import Strict
from edgereg_training.methods.baselines.gaussian import LOG_VARIANCE
from edgereg_training.methods.densities import GaussianMixture, diagonal_mixture
from edgereg_training.methods.layers import bounded, output_layer
from edgereg_training.methods.method import FeatureShape, Head
from edgereg_training.methods.target_range import TargetRange


class CvaeSettings(Strict):
    """latent: size of z. hidden: width of each network's hidden layer. samples: draws of z for the
    value and the density, the same for every image."""

    name: Literal["cvae"] = "cvae"
    latent: int = Field(default=4, gt=0)
    hidden: int = Field(default=64, gt=0)
    samples: int = Field(default=64, gt=0)

    def head(self, features: FeatureShape, targets: tuple[Target, ...]) -> CvaeHead:
        """See `method.MethodSettings`."""
        return CvaeHead(self, features, targets)


class CvaeHead(Head):
    """Prior p(z|x), encoder q(z|x,y) and decoder p(y|x,z), Gaussians of independent entries."""

    noise: Tensor

    def __init__(
        self, settings: CvaeSettings, features: FeatureShape, targets: tuple[Target, ...]
    ) -> None:
        super().__init__()
        self.targets = targets
        self.range = TargetRange(targets)
        inputs, hidden, latent = features.channels, settings.hidden, settings.latent
        self.prior = _gaussian_net(inputs, hidden, latent)
        self.encoder = _gaussian_net(inputs + len(targets), hidden, latent)
        # The decoder's first layer, split: its image part is computed once for all draws of z.
        self.from_features = nn.Linear(inputs, hidden)
        self.from_latent = nn.Linear(latent, hidden, bias=False)
        self.output = output_layer(hidden, 2 * len(targets))
        self.register_buffer("noise", torch.randn(settings.samples, latent))

    def loss(
        self, features: Tensor, targets: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """-ELBO = reconstruction + divergence, by one draw of z per example, in half ranges."""
        y = self.range.normalise(targets)
        posterior = _moments(self.encoder(torch.cat([features, y], dim=-1)))
        mean, log_variance = posterior
        noise = torch.randn(mean.shape, generator=generator).to(mean)
        z = mean + (log_variance / 2).exp() * noise
        centre, spread = self._decoded(features, z[:, None])
        error = (y - centre[:, 0]).square() * (-spread[:, 0]).exp()
        reconstruction = 0.5 * (error + spread[:, 0] + math.log(2 * math.pi)).sum(-1).mean()
        divergence = gaussian_divergence(posterior, _moments(self.prior(features))).mean()
        return {
            "loss": reconstruction + divergence,
            "reconstruction": reconstruction,
            "divergence": divergence,
        }

    def value(self, features: Tensor) -> Tensor:
        """The mean of the decoder's means over the fixed draws from the prior: [B, D]."""
        return self.range.restore(self._predicted(features)[0].mean(1))

    def density(self, features: Tensor) -> GaussianMixture:
        """The mixture of p(y|x,z) over the fixed draws of z."""
        mean, log_variance = self._predicted(features)
        weights = torch.full_like(mean[..., 0], -math.log(mean.shape[1]))
        std = (log_variance / 2).exp() * self.range.reach
        return diagonal_mixture(weights, self.range.restore(mean), std)

    def _predicted(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance [B, S, D] of y for each of the S fixed draws."""
        mean, log_variance = _moments(self.prior(features))
        z = mean[:, None] + (log_variance / 2).exp()[:, None] * self.noise
        return self._decoded(features, z)

    def _decoded(self, features: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance [B, S, D] of y given z [B, S, latent]."""
        joint = silu(self.from_features(features)[:, None] + self.from_latent(z))
        return _moments(self.output(joint))


def gaussian_divergence(q: tuple[Tensor, Tensor], p: tuple[Tensor, Tensor]) -> Tensor:
    """KL(q || p) of Gaussians of independent entries, (mean, log variance) [B, Z] each: [B]."""
    ratio = (q[1] - p[1]).exp() + (q[0] - p[0]).square() * (-p[1]).exp()
    return 0.5 * (ratio - 1 - q[1] + p[1]).sum(-1)


def _gaussian_net(inputs: int, hidden: int, size: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, hidden), nn.SiLU(), output_layer(hidden, 2 * size))


def _moments(output: Tensor) -> tuple[Tensor, Tensor]:
    mean, raw = output.chunk(2, dim=-1)
    return mean, bounded(raw, *LOG_VARIANCE)
