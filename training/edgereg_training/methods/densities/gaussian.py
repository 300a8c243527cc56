"""Mixtures of Gaussians."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from scipy import special
from torch import Tensor

from edgereg_training.methods.densities.tails import tails

# Halvings of the bracket of a quantile: float32's resolution.
BISECTIONS = 26
# Steps of the search for a mode.
ASCENTS = 40


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

    @torch.no_grad()
    def mode(self) -> Tensor:
        """The point of greatest density: [B, D], by ascents from the means of all components.

        With r_k the components' posteriors at the last point and P_k their precisions, a step goes
        towards the root of sum_k r_k P_k (y - mu_k), so far that the density never falls
        ("Mode-Finding for Mixtures of Gaussian Distributions", PAMI 2000); where the targets are
        independent of each other within the components it is the root itself.
        """
        identity = torch.eye(self.means.shape[-1]).to(self.means)
        inverse = torch.linalg.solve_triangular(
            self.cholesky, identity.expand_as(self.cholesky), upper=False
        )
        precision = inverse.mT @ inverse
        pull = (precision @ self.means[..., None])[..., 0]
        points = self.means
        for _ in range(ASCENTS):
            share = torch.softmax(self._components(points), dim=1).mT
            total = torch.einsum("bgk,bkij->bgij", share, precision)
            slope = share @ pull - (total @ points[..., None])[..., 0]
            curvature = torch.einsum("bgii->bgi", total)
            # total <= reach * its diagonal, by the largest sum of a row of correlations.
            scale = curvature.rsqrt()
            reach = (total.abs() * scale[..., None] * scale[..., None, :]).sum(-1).amax(-1)
            points = points + slope / (reach[..., None] * curvature)
        best = self.log_prob(points).argmax(1)[:, None, None]
        return points.gather(1, best.expand(-1, -1, points.shape[-1]))[:, 0]

    def std(self) -> Tensor:
        """[B, D]."""
        centred = self.means - self.mean()[:, None]
        spread = self.cholesky.square().sum(-1) + centred.square()
        return (self.log_weights.exp()[..., None] * spread).sum(1).sqrt()

    @torch.no_grad()
    def interval(self, level: float) -> tuple[Tensor, Tensor]:
        """[B, D] twice, by bisection of the marginal distribution functions."""
        ends = tails(level)
        share = self.means.new_tensor(ends)[:, None]
        weights = self.log_weights.exp()[:, None, :, None]
        means, std = self.means[:, None], self.cholesky.square().sum(-1).sqrt()[:, None]
        # A quantile of a mixture lies between those of its components: both tails [B, 2, K, D].
        quantiles = means + std * self.means.new_tensor(special.ndtri(ends))[:, None, None]
        low, high = quantiles.amin(2), quantiles.amax(2)
        for _ in range(BISECTIONS if self.means.shape[1] > 1 else 0):
            middle = (low + high) / 2
            white = (middle[:, :, None] - means) / std
            below = (weights * 0.5 * (1 + torch.erf(white / math.sqrt(2)))).sum(2)
            low = torch.where(below < share, middle, low)
            high = torch.where(below < share, high, middle)
        found = (low + high) / 2
        return found[:, 0], found[:, 1]

    def log_prob(self, points: Tensor) -> Tensor:
        """[B, G, D] -> [B, G]."""
        return torch.logsumexp(self._components(points), dim=1)

    def _components(self, points: Tensor) -> Tensor:
        """log w_k N(points; means_k, ...) of points [B, G, D]: [B, K, G]."""
        delta = (points[:, None] - self.means[:, :, None]).transpose(-1, -2)
        white = torch.linalg.solve_triangular(self.cholesky, delta, upper=False)
        log_det = self.cholesky.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        constant = 0.5 * self.means.shape[-1] * math.log(2 * math.pi)
        components: Tensor = -0.5 * white.square().sum(-2) - (log_det + constant)[..., None]
        return self.log_weights[..., None] + components


def diagonal_mixture(log_weights: Tensor, means: Tensor, std: Tensor) -> GaussianMixture:
    """A mixture [B, K], [B, K, D] of Gaussians with independent targets, std [B, K, D] > 0."""
    return GaussianMixture(log_weights, means, torch.diag_embed(std))


def gaussian(mean: Tensor, std: Tensor) -> GaussianMixture:
    """One Gaussian with independent targets: mean, std [B, D]."""
    return diagonal_mixture(torch.zeros_like(mean[:, :1]), mean[:, None], std[:, None])
