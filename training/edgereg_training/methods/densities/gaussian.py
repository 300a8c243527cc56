"""Mixtures of Gaussians."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from scipy import special
from torch import Tensor

from edgereg_training.methods.densities.tails import tails

# Halvings of the bracket of a quantile: below float32's resolution.
BISECTIONS = 48


@dataclass(frozen=True)
class GaussianMixture:
    """sum_k w_k N(means_k, L_k L_k^T) over all targets jointly.

    log_weights: [B, K], normalised. means: [B, K, D]. cholesky: lower triangular [B, K, D, D].
    """

    log_weights: Tensor
    means: Tensor
    cholesky: Tensor

    def __post_init__(self) -> None:
        size = self.means.shape[-1]
        if self.log_weights.ndim != 2 or self.means.ndim != 3:
            raise ValueError("GaussianMixture needs log_weights [B, K] and means [B, K, D]")
        if self.cholesky.ndim != 4 or self.cholesky.shape[-2:] != (size, size):
            raise ValueError("GaussianMixture needs cholesky [B, K, D, D]")

    def mean(self) -> Tensor:
        """[B, D]."""
        return (self.log_weights.exp()[..., None] * self.means).sum(1)

    def mode(self) -> Tensor:
        """The mean of the component of greatest weight: [B, D]."""
        best = self.log_weights.argmax(1)[:, None, None].expand(-1, -1, self.means.shape[-1])
        return self.means.gather(1, best)[:, 0].detach()

    def std(self) -> Tensor:
        """[B, D]."""
        centred = self.means - self.mean()[:, None]
        spread = self.cholesky.square().sum(-1) + centred.square()
        return (self.log_weights.exp()[..., None] * spread).sum(1).sqrt()

    @torch.no_grad()
    def interval(self, level: float) -> tuple[Tensor, Tensor]:
        """[B, D] twice, by bisection of the marginal distribution functions."""
        low, high = tails(level)
        return self._quantile(low), self._quantile(high)

    def log_prob(self, points: Tensor) -> Tensor:
        """[B, G, D] -> [B, G]."""
        delta = (points[:, None] - self.means[:, :, None]).transpose(-1, -2)
        white = torch.linalg.solve_triangular(self.cholesky, delta, upper=False)
        log_det = self.cholesky.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        constant = 0.5 * self.means.shape[-1] * math.log(2 * math.pi)
        components = -0.5 * white.square().sum(-2) - (log_det + constant)[..., None]
        return torch.logsumexp(self.log_weights[..., None] + components, dim=1)

    def _quantile(self, tail: float) -> Tensor:
        """The `tail` quantile of each target's marginal, which lies between the components'."""
        weights = self.log_weights.exp()[..., None]
        std = self.cholesky.square().sum(-1).sqrt()
        ends = self.means + std * float(special.ndtri(tail))
        low, high = ends.amin(1), ends.amax(1)
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            below = (weights * torch.special.ndtr((middle[:, None] - self.means) / std)).sum(1)
            low = torch.where(below < tail, middle, low)
            high = torch.where(below < tail, high, middle)
        return (low + high) / 2


def diagonal_mixture(log_weights: Tensor, means: Tensor, std: Tensor) -> GaussianMixture:
    """A mixture [B, K], [B, K, D] of Gaussians with independent targets, std [B, K, D] > 0."""
    return GaussianMixture(log_weights, means, torch.diag_embed(std))


def gaussian(mean: Tensor, std: Tensor) -> GaussianMixture:
    """One Gaussian with independent targets: mean, std [B, D]."""
    return diagonal_mixture(torch.zeros_like(mean[:, :1]), mean[:, None], std[:, None])
