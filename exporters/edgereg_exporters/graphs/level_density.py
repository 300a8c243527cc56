"""Densities over levels of many targets at once: a graph of a few nodes instead of some for each.

The same numbers as `Levels.std` and `Levels.log_prob`, which go target by target.
"""

from __future__ import annotations

from typing import TypeGuard

import torch
from edgereg_training.methods.densities import Levels
from edgereg_training.methods.method import Density
from torch import Tensor


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
