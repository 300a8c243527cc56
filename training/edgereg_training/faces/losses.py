"""Losses of level densities against what is known: exact values and intervals, each weighted.

p_k, the probability of level k, is the softmax of the code words' correlations C z, as BEL's GEN-EX
decoder has it.
"""

from __future__ import annotations

import torch
from torch import Tensor


def interval_nll(log_p: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """-log P(low <= level <= high): [B], of log-probabilities [B, N] and ends [B] in levels.

    Where low = high, the two levels beside it share by distance, so that nothing is lost by
    quantisation.
    """
    levels = torch.arange(log_p.shape[1], dtype=log_p.dtype, device=log_p.device)
    exact = low == high
    # A triangle of one level's width about an exact value; else the part of each level's width
    # that the interval covers.
    near = (1 - (levels - low[:, None]).abs()).clamp(min=0)
    edges = levels + 0.5
    covered = torch.minimum(edges, high[:, None]) - torch.maximum(edges - 1, low[:, None])
    inside = torch.where(exact[:, None], near, covered.clamp(0, 1))
    cross = -(near * log_p).sum(1) / near.sum(1).clamp(min=1e-6)
    tiny = torch.finfo(log_p.dtype).tiny
    whole = -torch.logsumexp(log_p + inside.clamp(min=tiny).log(), 1)
    return torch.where(exact, cross, whole)


def weighted_mean(losses: Tensor, weights: Tensor) -> Tensor:
    """The mean of losses over what is known (weight > 0); 0 where nothing is."""
    return (losses * weights).sum() / weights.sum().clamp(min=1)
