"""The numbers of a calibrated head, from examples that were not learnt.

With examples of two kinds, such as photographs and rendered pictures, temperature and slope are the
pair for which the central 90 % intervals hold 90 % of the labels of each kind. With one kind the
slope stays 0. Coverage grows with the temperature; with the slope that of the kind whose densities
are wider grows against the other's, so both are found by bisection, of all targets at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import torch
from torch import Tensor

from edgereg_training.methods.bel.calibrated import (
    CalibratedHead,
    calibrated,
    log_spread,
    tempered,
)
from edgereg_training.methods.densities.levels import level_quantile
from edgereg_training.methods.densities.tails import tails

LEVEL = 0.9
# Of temperatures from 0.05 to 10.
LOG_TEMPERATURES = (math.log(0.05), math.log(10.0))
SLOPES, BLURS = (-1.0, 1.5), (0.1, 30.0)
ROUNDS, SLOPE_ROUNDS = 10, 7


@dataclass(frozen=True)
class Held:
    """Examples of one kind: scores [B, D, N] of the levels as they were learnt, and labels
    [B, D, 2] as intervals in levels, NaN where unknown."""

    scores: Tensor
    labels: Tensor

    @cached_property
    def spread(self) -> Tensor:
        """Of the densities, see `log_spread`: [B, D]."""
        return log_spread(torch.softmax(self.scores, -1))


# Of some targets, from examples of one kind or two: the numbers [D] by their names in the head.
Fit: TypeAlias = Callable[[Sequence[Held]], Mapping[str, Tensor]]


@torch.no_grad()
def calibrate(
    head: CalibratedHead, features: Sequence[Tensor], labels: Sequence[Tensor], fit: Fit
) -> None:
    """Set the head's numbers from features [B, F] and labels of each kind; labels: [B, D, 2] in
    units, see `Held`."""
    quantisers = head.head.codec.quantisers
    positions = [
        torch.stack([q.position(ends[:, d]) for d, q in enumerate(quantisers)], 1)
        for ends in labels
    ]
    start = 0
    for parts in zip(*map(head.scores, features), strict=True):
        rows = slice(start, start + parts[0].shape[1])
        held = [Held(part, ends[:, rows]) for part, ends in zip(parts, positions, strict=True)]
        for name, numbers in fit(held).items():
            getattr(head, name)[rows] = numbers
        start = rows.stop


def temperatures(kinds: Sequence[Held]) -> dict[str, Tensor]:
    """Temperature and slope; of a target whose labels only one kind has, as from that one; 1 and 0
    where none has any."""

    def at(slope: Tensor) -> Tensor:
        def wanted(log: Tensor) -> Tensor:
            return torch.nanmean(_coverage(kinds, log.exp(), slope), 0) < LEVEL

        return _bisect(wanted, slope, LOG_TEMPERATURES).exp()

    slope = torch.zeros(kinds[0].scores.shape[1])
    known = torch.stack([held.labels[..., 0].isfinite().any(0) for held in kinds])
    if len(kinds) > 1:
        widths = [_median_spread(held) for held in kinds]
        second_is_wider = widths[1] > widths[0]

        def steeper(slope: Tensor) -> Tensor:
            first, second = _coverage(kinds, at(slope), slope).unbind(0)
            return torch.eq(second < first, second_is_wider)

        found = _bisect(steeper, slope, SLOPES, SLOPE_ROUNDS)
        slope = torch.where(known.all(0), found, slope)
    return {"temperature": torch.where(known.any(0), at(slope), 1.0), "slope": slope}


def fit_blur(held: Held, temperature: Tensor) -> Tensor:
    """The width [D] of the kernel for which, at these temperatures, 90 % are held."""
    flat = torch.zeros_like(temperature)

    def fewer(blur: Tensor) -> Tensor:
        p = calibrated(held.scores, temperature, flat, blur)
        return coverage(p, held.labels) < LEVEL

    return _bisect(fewer, temperature, BLURS)


def coverage(p: Tensor, labels: Tensor) -> Tensor:
    """The mean share [D] of each label's interval [B, D, 2] that lies within the central interval
    of p [B, D, N]; of an exact value, whether it does. NaN where nothing is known."""
    ends = [level_quantile(p.flatten(0, 1), tail).reshape(p.shape[:2]) for tail in tails(LEVEL)]
    return torch.nanmean(covered(ends[0], ends[1], labels), 0)


def covered(low: Tensor, high: Tensor, labels: Tensor) -> Tensor:
    """The share of each label's interval [..., 2] within low .. high [...]; of an exact value 0 or
    1; NaN where unknown."""
    first, last = labels.unbind(-1)
    overlap = torch.minimum(last, high) - torch.maximum(first, low)
    share = (overlap / (last - first).clamp(min=1e-6)).clamp(0, 1)
    inside = ((low <= first) & (first <= high)).to(share.dtype)
    return torch.where(first == last, inside, share)


def _coverage(kinds: Sequence[Held], temperature: Tensor, slope: Tensor) -> Tensor:
    """Of each kind: [K, D]."""
    return torch.stack(
        [coverage(tempered(h.scores, h.spread, temperature, slope), h.labels) for h in kinds]
    )


def _median_spread(held: Held) -> Tensor:
    """The median log spread of the densities whose labels are known: [D]."""
    known = held.labels[..., 0].isfinite()
    return torch.nanmedian(held.spread.masked_fill(~known, torch.nan), 0).values


def _bisect(
    more: Callable[[Tensor], Tensor], like: Tensor, ends: tuple[float, float], rounds: int = ROUNDS
) -> Tensor:
    """Where between `ends` `more` of numbers [D], true below it and false above, changes; like: a
    tensor [D]."""
    low, high = (torch.full_like(like, end) for end in ends)
    for _ in range(rounds):
        middle = (low + high) / 2
        wanted = more(middle)
        low, high = torch.where(wanted, middle, low), torch.where(wanted, high, middle)
    return (low + high) / 2
