"""How far a box may be from the answer: the density exp f about it, by weighted samples.

The standard deviation of each edge is sqrt(E (y - y*)^2) under the density, about the answer y* and
not about the mean, so that an answer beside the density's middle counts as less sure. The first
samples are drawn about the answer with two widths, as sure boxes and unsure ones differ by so much;
the second round with the moments that those found. All are weighted by exp f / q with q the mixture
that they were drawn from. The same quasi-random numbers serve every box.

Samples are offsets in the coordinates in which exp f is a density, (cx / w, cy / h, log w, log h)
with the answer's w and h (EBM paper, section 5.1).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.quasirandom import SobolEngine

from edgereg.core.predictions import NORMAL_90

# Standard deviations of the first offsets, and samples of each; samples of the second round.
WIDTHS, FIRST, SECOND = (0.02, 0.06), 16, 32
# The second round is drawn by so much wider than what was found, and not narrower than this.
SLACK, NARROWEST = 1.3, 0.004
# Samples that share the largest weight when the second round's moments are taken.
ELITE = 8
# A side that is shorter than so many pixels counts as this long.
THINNEST = 1e-3
# What a calibration may make of a deviation.
LEAST_FACTOR, MOST_FACTOR = 0.2, 5.0


@dataclass(frozen=True)
class Draws:
    """first: offsets [len(WIDTHS) * FIRST, 4]; second: standard normals [SECOND, 4]."""

    first: Tensor
    second: Tensor


@lru_cache(maxsize=1)
def draws() -> Draws:
    """The numbers that serve every box."""
    first = torch.cat([_normals(FIRST, seed) * width for seed, width in enumerate(WIDTHS)])
    return Draws(first, _normals(SECOND, len(WIDTHS)))


def _normals(count: int, seed: int) -> Tensor:
    engine = SobolEngine(4, scramble=True, seed=seed)  # type: ignore[no-untyped-call]
    even: Tensor = engine.draw(count).clamp(1e-4, 1 - 1e-4)
    normals: Tensor = torch.special.ndtri(even)
    return normals


def first_log_q(offsets: Tensor) -> Tensor:
    """log of the first round's part of the mixture at offsets [..., 4], up to a constant: [...]."""
    squares = offsets.square().sum(-1)
    parts = [-0.5 * squares / width**2 - 4 * math.log(width) + math.log(FIRST) for width in WIDTHS]
    return torch.logsumexp(torch.stack(parts), 0)


def second_log_q(offsets: Tensor, mean: Tensor, deviation: Tensor) -> Tensor:
    """The same of the second round, drawn with mean and deviation [N, 4]: [N, S]."""
    white = (offsets - mean[:, None]) / deviation[:, None]
    return -0.5 * white.square().sum(-1) - deviation.log().sum(-1)[:, None] + math.log(SECOND)


def box_spread(energy: Callable[[Tensor], Tensor], boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Standard deviations [N, 4] in pixels of the edges of boxes [N, 4], and the effective number
    [N] of samples, not calibrated. energy: boxes [N, S, 4] -> f [N, S]."""
    numbers = draws()
    size = (boxes[:, 2:] - boxes[:, :2]).clamp(min=THINNEST)[:, None]

    def edges(offsets: Tensor) -> Tensor:
        """Where samples lie beside the answer, [N, S, 4] in pixels."""
        centre, half = offsets[..., :2] * size, offsets[..., 2:].expm1() * size / 2
        return torch.cat([centre - half, centre + half], -1)

    first = numbers.first.expand(len(boxes), -1, -1)
    moved = edges(first)
    f = energy(boxes[:, None] + moved)
    mean, deviation = _moments(first, f - first_log_q(first))
    second = mean[:, None] + numbers.second * deviation[:, None]
    offsets = torch.cat([first, second], 1)
    log_q = torch.logaddexp(first_log_q(offsets), second_log_q(offsets, mean, deviation))
    beside = edges(second)
    f = torch.cat([f, energy(boxes[:, None] + beside)], 1)
    weights = torch.softmax(f - log_q, 1)
    variance = weights[:, None] @ torch.cat([moved, beside], 1).square()
    return variance[:, 0].sqrt(), 1 / weights.square().sum(1)


def _moments(offsets: Tensor, log_weights: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation [N, 4] for the second round, in which no weight counts for more than the
    ELITE-th largest."""
    limit = log_weights.topk(ELITE, dim=1).values[:, -1:]
    weights = torch.softmax(torch.minimum(log_weights, limit), 1)[..., None]
    mean = (weights * offsets).sum(1)
    variance = (weights * (offsets - mean[:, None]).square()).sum(1)
    return mean, (SLACK * variance.sqrt()).clamp(min=NARROWEST)


def fitted_factors(kinds: Sequence[tuple[Tensor, Tensor]], share: float = 0.9) -> Tensor:
    """What to multiply deviations by, [4], so that `share` of all true edges lie in the interval of
    a normal distribution with them.

    kinds: of each kind of pictures, errors and deviations [N, 4], in the same units; every kind
    counts alike, however many boxes it has. Raises ValueError without any box.
    """
    kinds = [(errors, spread) for errors, spread in kinds if len(errors)]
    if not kinds:
        raise ValueError("no box was found that could be calibrated on")
    ratios = [errors.abs() / spread.clamp(min=1e-6) for errors, spread in kinds]
    counts = torch.cat([torch.full((len(ratio),), 1 / len(ratio)) for ratio in ratios])
    ordered, order = torch.cat(ratios).sort(0)
    reached = counts[order].cumsum(0) / counts.sum()
    row = (reached < share).sum(0).clamp(max=len(ordered) - 1)
    return (ordered.gather(0, row[None])[0] / NORMAL_90).clamp(LEAST_FACTOR, MOST_FACTOR)
