"""Densities over levels of many targets at once: a graph of a few nodes instead of some for each.

The same numbers as `Levels.std`, `interval` and `log_prob`, which go target by target.
"""

from __future__ import annotations

from typing import TypeGuard

import torch
from edgereg_training.methods.densities import Levels
from edgereg_training.methods.method import Density
from torch import Tensor

# Of the density, what the output `interval` of exported models holds.
SHARE = 0.9


def spread(density: Density) -> tuple[Tensor, Tensor]:
    """The outputs `std` [B, D] and `interval` [B, D, 2], the central SHARE, in units."""
    return std(density), interval(density, SHARE)


def std(density: Density) -> Tensor:
    """Standard deviation of each target: [B, D]."""
    if not _alike(density):
        return density.std()
    p = _together(density)
    index = torch.arange(p.shape[2], dtype=p.dtype)
    centred = index - (p @ index)[..., None]
    variance = (p * centred.square()).sum(-1) + 1 / 12
    return variance.sqrt() * p.new_tensor(density.step)


def log_prob(density: Density, points: Tensor) -> Tensor:
    """log p of points [B, G, D]: [B, G]."""
    if not _alike(density):
        return density.log_prob(points)
    p = _together(density)
    low, step = points.new_tensor(density.low), points.new_tensor(density.step)
    position = ((points - low) / step).transpose(1, 2)
    index = position.round().clamp(0, p.shape[2] - 1).long()
    floor = torch.finfo(p.dtype).tiny
    height = p.gather(2, index).clamp(min=floor).log() - step.log()[:, None]
    outside = (position - index).abs() > 0.5005
    return height.masked_fill(outside, -torch.inf).sum(1)


def _alike(density: Density) -> TypeGuard[Levels]:
    """Whether all targets have as many levels."""
    return isinstance(density, Levels) and len({p.shape[1] for p in density.probabilities}) == 1


def _together(density: Levels) -> Tensor:
    """Probabilities [B, D, N]."""
    if density.together is not None:
        return density.together
    return torch.stack(density.probabilities, 1)


def interval(density: Density, level: float) -> Tensor:
    """The central interval of each target that holds `level` of it: [B, D, 2], in units.

    Of levels the same numbers as `Levels.interval`, by operators that every engine has: a level
    counts in the position of a quantile by the share of it that lies below.
    """
    if not isinstance(density, Levels):
        return torch.stack(density.interval(level), dim=-1)
    tail = (1 - level) / 2
    parts = [_together(density)] if _alike(density) else [p[:, None] for p in density.probabilities]
    ends = [torch.cat([_position(p, t) for p in parts], 1) for t in (tail, 1 - tail)]
    low, step = (ends[0].new_tensor(numbers)[:, None] for numbers in (density.low, density.step))
    return low + step * torch.stack(ends, -1)


def _position(p: Tensor, tail: float) -> Tensor:
    """Fractional levels [B, D] below which `tail` of probabilities [B, D, N] lies."""
    # Sums by a matrix: a running sum is no operator of older engines.
    below = torch.triu(p.new_ones(p.shape[2], p.shape[2]), 1)
    share = (tail - p @ below) / p.clamp(min=1e-12)
    return share.clamp(0, 1).sum(-1) - 0.5
