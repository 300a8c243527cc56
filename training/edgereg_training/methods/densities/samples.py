"""Densities known through weighted points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from edgereg_training.methods.densities.tails import tails


@dataclass(frozen=True)
class WeightedSamples:
    """A density known through weighted points, as of an energy.

    points: [B, S, D]. log_weights: [B, S], up to a constant per row. log_prob_of: the normalised
    log density of points [B, G, D] -> [B, G].
    """

    points: Tensor
    log_weights: Tensor
    log_prob_of: Callable[[Tensor], Tensor]

    def __post_init__(self) -> None:
        if self.points.ndim != 3 or self.log_weights.ndim != 2:
            raise ValueError("WeightedSamples needs points [B, S, D] and log_weights [B, S]")

    def mean(self) -> Tensor:
        """[B, D]."""
        return (self._weights() * self.points).sum(1)

    def mode(self) -> Tensor:
        """The point of greatest density: [B, D]."""
        with torch.no_grad():
            best = self.log_prob_of(self.points).argmax(1)[:, None, None]
        return self.points.gather(1, best.expand(-1, -1, self.points.shape[-1]))[:, 0].detach()

    def std(self) -> Tensor:
        """[B, D]."""
        centred = self.points - self.mean()[:, None]
        return (self._weights() * centred.square()).sum(1).sqrt()

    @torch.no_grad()
    def interval(self, level: float) -> tuple[Tensor, Tensor]:
        """[B, D] twice: weighted quantiles, linear between the points."""
        ordered, order = self.points.sort(dim=1)
        weights = self._weights().expand_as(ordered).gather(1, order)
        centre = weights.cumsum(1) - weights / 2
        low, high = tails(level)
        return _interpolated(ordered, centre, low), _interpolated(ordered, centre, high)

    def effective(self) -> Tensor:
        """(sum w)^2 / (S sum w^2): [B], 1 where all samples count alike; below a tenth moments and
        intervals are hardly to be trusted."""
        weights = self._weights()[..., 0]
        return 1 / (weights.shape[1] * weights.square().sum(1))

    def log_prob(self, points: Tensor) -> Tensor:
        """[B, G, D] -> [B, G]."""
        return self.log_prob_of(points)

    def _weights(self) -> Tensor:
        return torch.softmax(self.log_weights, dim=1)[..., None]


def _interpolated(values: Tensor, centre: Tensor, tail: float) -> Tensor:
    """values [B, S, D], ascending, at cumulative share `tail` given the points' shares: [B, D]."""
    right = (centre < tail).sum(1, keepdim=True).clamp(1, max(1, values.shape[1] - 1))
    if values.shape[1] == 1:
        return values[:, 0]
    x0, x1 = values.gather(1, right - 1)[:, 0], values.gather(1, right)[:, 0]
    c0, c1 = centre.gather(1, right - 1)[:, 0], centre.gather(1, right)[:, 0]
    share = ((tail - c0) / (c1 - c0).clamp(min=torch.finfo(c0.dtype).tiny)).clamp(0, 1)
    return x0 + share * (x1 - x0)
