"""Piecewise constant densities of quantised targets."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from edgereg_training.methods.densities.tails import tails


@dataclass(frozen=True)
class Levels:
    """Independent targets with a piecewise constant density each.

    probabilities: per target d, [B, N_d], rows of sum 1. Level k of target d covers
    low[d] + step[d] * (k - 0.5 .. k + 0.5), so that `low` is the value of level 0; step > 0.
    together: [B, D, N], the same where all targets have N levels and one tensor holds them, which
    an exporter reads instead of D pieces of it.
    """

    probabilities: tuple[Tensor, ...]
    low: tuple[float, ...]
    step: tuple[float, ...]
    together: Tensor | None = None

    @classmethod
    def of(cls, together: Tensor, low: tuple[float, ...], step: tuple[float, ...]) -> Levels:
        """From probabilities [B, D, N]."""
        return cls(together.unbind(1), low, step, together)

    def __post_init__(self) -> None:
        if not len(self.probabilities) == len(self.low) == len(self.step):
            raise ValueError("Levels needs one low and one step for each target's probabilities")
        if any(p.ndim != 2 for p in self.probabilities):
            raise ValueError("Levels needs probabilities [B, N] for each target")

    def mean(self) -> Tensor:
        """[B, D]."""
        return self._values([p @ _count(p) for p in self.probabilities])

    def mode(self) -> Tensor:
        """The centre of the likeliest level: [B, D]."""
        return self._values([p.argmax(-1).to(p.dtype) for p in self.probabilities])

    def std(self) -> Tensor:
        """[B, D]; the width of a level included (step^2 / 12 of the variance)."""
        columns = []
        for p, step in zip(self.probabilities, self.step, strict=True):
            index = _count(p)
            centred = index - (p @ index)[:, None]
            columns.append(((p * centred.square()).sum(-1) + 1 / 12).sqrt() * step)
        return torch.stack(columns, dim=-1)

    @torch.no_grad()
    def interval(self, level: float) -> tuple[Tensor, Tensor]:
        """[B, D] twice; exact, as the distribution function is piecewise linear."""
        ends = []
        for tail in tails(level):
            ends.append(self._values([level_quantile(p, tail) for p in self.probabilities]))
        return ends[0], ends[1]

    def log_prob(self, points: Tensor) -> Tensor:
        """[B, G, D] -> [B, G]; -inf outside the levels, finite on them."""
        total = torch.zeros_like(points[..., 0])
        for d, p in enumerate(self.probabilities):
            position = (points[..., d] - self.low[d]) / self.step[d]
            index = position.round().clamp(0, p.shape[1] - 1).long()
            floor = torch.finfo(p.dtype).tiny
            height = p.gather(1, index).clamp(min=floor).log() - math.log(self.step[d])
            # Half a thousandth of a level forgives rounding of points on the outer edges.
            outside = (position - index).abs() > 0.5005
            total = total + height.masked_fill(outside, -math.inf)
        return total

    def _values(self, positions: list[Tensor]) -> Tensor:
        columns = zip(positions, self.low, self.step, strict=True)
        return torch.stack([low + step * position for position, low, step in columns], dim=-1)


def _count(probabilities: Tensor) -> Tensor:
    return torch.arange(
        probabilities.shape[-1], dtype=probabilities.dtype, device=probabilities.device
    )


def level_quantile(probabilities: Tensor, tail: float) -> Tensor:
    """Fractional level [B] below which `tail` of [B, N] lies."""
    total = probabilities.cumsum(1)
    wanted = tail * total[:, -1:]
    index = (total < wanted).sum(1, keepdim=True).clamp(max=probabilities.shape[1] - 1)
    mass = probabilities.gather(1, index)
    into = (wanted - total.gather(1, index) + mass) / mass.clamp(min=torch.finfo(mass.dtype).tiny)
    return (index - 0.5 + into.clamp(0, 1))[:, 0]
