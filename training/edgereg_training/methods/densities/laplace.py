"""Laplace distributions of independent and of joint targets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from scipy import integrate, optimize, special
from torch import Tensor

from edgereg_training.methods.densities.tails import tails


@dataclass(frozen=True)
class LaplaceProduct:
    """Independent Laplace distributions: location [B, D], scale [B, D] > 0."""

    location: Tensor
    scale: Tensor

    def __post_init__(self) -> None:
        if self.location.ndim != 2 or self.location.shape[-1] != self.scale.shape[-1]:
            raise ValueError("LaplaceProduct needs location and scale [B, D]")

    def mean(self) -> Tensor:
        """[B, D]."""
        return self.location

    def mode(self) -> Tensor:
        """[B, D]."""
        return self.location.detach()

    def std(self) -> Tensor:
        """[B, D]."""
        return self.scale * math.sqrt(2)

    @torch.no_grad()
    def interval(self, level: float) -> tuple[Tensor, Tensor]:
        """[B, D] twice."""
        half = -math.log(2 * tails(level)[0]) * self.scale
        return self.location - half, self.location + half

    def log_prob(self, points: Tensor) -> Tensor:
        """[B, G, D] -> [B, G]."""
        scale = self.scale[:, None]
        return -((points - self.location[:, None]).abs() / scale + (2 * scale).log()).sum(-1)


@dataclass(frozen=True)
class RadialLaplace:
    """p(y) = exp(-|(y - location) / scale|) / Z, the norm over targets: a multivariate Laplace.

    location: [B, D]. scale: [B, D], or [B] for one scale of all targets; > 0.
    Z = 2 pi^(D/2) Gamma(D) / Gamma(D/2) * prod(scale). The distance from the location, in
    scales, is Gamma(D, 1) distributed, whence the moments.
    """

    location: Tensor
    scale: Tensor

    def __post_init__(self) -> None:
        if self.location.ndim != 2 or self.scale.ndim not in (1, 2):
            raise ValueError("RadialLaplace needs location [B, D] and scale [B] or [B, D]")

    def mean(self) -> Tensor:
        """[B, D]."""
        return self.location

    def mode(self) -> Tensor:
        """[B, D]."""
        return self.location.detach()

    def std(self) -> Tensor:
        """[B, D]."""
        return self._scale() * math.sqrt(self.location.shape[-1] + 1)

    @torch.no_grad()
    def interval(self, level: float) -> tuple[Tensor, Tensor]:
        """[B, D] twice: of each target's marginal."""
        tails(level)
        half = radial_half_width(self.location.shape[-1], level) * self._scale()
        return self.location - half, self.location + half

    def log_prob(self, points: Tensor) -> Tensor:
        """[B, G, D] -> [B, G]."""
        scale = self._scale()
        distance = torch.linalg.vector_norm(
            (points - self.location[:, None]) / scale[:, None], dim=-1
        )
        out: Tensor = (
            -distance - scale.log().sum(-1)[:, None] - radial_log_constant(scale.shape[-1])
        )
        return out

    def _scale(self) -> Tensor:
        return self.scale[:, None].expand_as(self.location) if self.scale.ndim == 1 else self.scale


def radial_log_constant(size: int) -> float:
    """log of the integral of exp(-|u|) over `size` dimensions."""
    half = size / 2
    return math.log(2) + half * math.log(math.pi) + math.lgamma(size) - math.lgamma(half)


@lru_cache(maxsize=256)
def radial_half_width(size: int, level: float) -> float:
    """c with P(|u_1| < c) = level under exp(-|u|) / Z in `size` dimensions.

    u_1 = R t with R ~ Gamma(size, 1) and, on the unit sphere, t^2 ~ Beta(1/2, (size - 1) / 2).
    """
    if size == 1:
        return -math.log1p(-level)

    def mass(radius: float, bound: float) -> float:
        inside = special.betainc(0.5, (size - 1) / 2, min(1.0, (bound / radius) ** 2))
        return float(inside) * radius ** (size - 1) * math.exp(-radius) / math.gamma(size)

    def excess(bound: float) -> float:
        # Inside the bound all of the shell counts; beyond it a part, smooth except at the bound.
        beyond = integrate.quad(mass, bound, math.inf, args=(bound,))[0]
        return float(special.gammainc(size, bound)) + float(beyond) - level

    return float(optimize.brentq(excess, 1e-9, 60.0 + 10.0 * size, xtol=1e-10))
