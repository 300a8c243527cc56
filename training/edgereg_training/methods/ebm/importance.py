"""The density exp f / Z over several targets, by weighted samples of a proposal that adapts.

Fixed offsets starve: of a sharp energy over three angles hardly one in a hundred of them counts.
Here the first samples come from the estimate's own density (for levels, from their posterior) and
from a Gaussian about it that is WIDER; every further round draws from a Gaussian with the moments
that were found so far, so that what the first proposal missed is found by the next. All samples are
weighted by exp f / q with q the mean of all proposals (the balance heuristic, Veach and Guibas
1995), which no single bad proposal can spoil.

Points are in units. The same quasi-random numbers serve every image, so that an exporter finds them
as constants, and nothing that is done depends on the data.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.quasirandom import SobolEngine

from edgereg_training.methods.densities.levels import Levels
from edgereg_training.methods.method import Density

# Of the estimate's deviation: the Gaussian beside it, for estimates that are surer than they ought.
WIDER = 3.0
# Rounds after those of the first proposals.
ADAPTED = 3
# Of the found deviations, what a further round is drawn with.
SLACK = 1.2
# Samples that share the largest weight when the moments are taken.
ELITE = 12
TINY = 1e-12
# Covariances are found and factored of so many targets at most.
MOST_ADAPTED = 8

# Points [B, S, D] in units -> f [B, S].
Energy = Callable[[Tensor], Tensor]


class Proposal(Protocol):
    """What samples are drawn from."""

    def points(self, numbers: Tensor) -> Tensor:
        """Samples [B, S, D] made of `random_numbers` [S, 3, D]."""
        ...

    def log_prob(self, points: Tensor) -> Tensor:
        """[B, S, D] -> [B, S]."""
        ...


@dataclass(frozen=True)
class GaussianProposal:
    """mean: [B, D]; factor: lower triangular [B, D, D], of the covariance."""

    mean: Tensor
    factor: Tensor

    def points(self, numbers: Tensor) -> Tensor:
        """See `Proposal`."""
        found: Tensor = self.mean[:, None] + numbers[:, 2] @ self.factor.mT
        return found

    def log_prob(self, points: Tensor) -> Tensor:
        """See `Proposal`."""
        offset = (points - self.mean[:, None]).mT
        white = torch.linalg.solve_triangular(self.factor, offset, upper=False)
        log_scale = self.factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        constant = 0.5 * self.mean.shape[1] * math.log(2 * math.pi)
        found: Tensor = -0.5 * white.square().sum(1) - log_scale[:, None] - constant
        return found


@dataclass(frozen=True)
class LevelProposal:
    """A posterior over levels, which holds more than a mean and a deviation."""

    density: Levels

    def points(self, numbers: Tensor) -> Tensor:
        """See `Proposal`: by the inverse of each target's distribution, evenly within a level."""
        columns = []
        pairs = zip(self.density.probabilities, self.density.low, self.density.step, strict=True)
        for d, (probabilities, low, step) in enumerate(pairs):
            total = probabilities.cumsum(1)
            wanted = numbers[:, 0, d] * total[:, -1:]
            index = (total[:, None, :] < wanted[:, :, None]).sum(-1)
            columns.append(low + step * (index + numbers[:, 1, d] - 0.5))
        return torch.stack(columns, dim=-1)

    def log_prob(self, points: Tensor) -> Tensor:
        """See `Proposal`."""
        return self.density.log_prob(points)


def proposals_of(density: Density) -> tuple[Proposal, ...]:
    """The estimate's own density, as a Gaussian where it is not of levels, and a wider Gaussian."""
    mean, std = density.mean().detach(), density.std().detach()
    factor = torch.diag_embed(std)
    own: Proposal = (
        LevelProposal(density) if isinstance(density, Levels) else GaussianProposal(mean, factor)
    )
    return own, GaussianProposal(mean, WIDER * factor)


@dataclass(frozen=True)
class Draws:
    """points [B, S, D] and log_weights [B, S] = f - log q, whose mean exponential is Z."""

    points: Tensor
    log_weights: Tensor


def sample(energy: Energy, start: tuple[Proposal, ...], numbers: Tensor) -> Draws:
    """Weighted samples of exp f / Z: [R, S, 3, D] `random_numbers` give S samples in each of R
    rounds, of which the first are drawn from `start`."""
    proposals = list(start)
    drawn = [p.points(own) for p, own in zip(proposals, numbers[: len(start)], strict=True)]
    points = torch.cat(drawn, dim=1).detach()
    f = energy(points)
    for own in numbers[len(start) :]:
        proposals.append(adapted(points, f - _log_mean(proposals, points)))
        new = proposals[-1].points(own).detach()
        points = torch.cat([points, new], dim=1)
        f = torch.cat([f, energy(new)], dim=1)
    return Draws(points, f - _log_mean(proposals, points))


def random_numbers(targets: int, starts: int, count: int) -> Tensor:
    """Quasi-random numbers [R, S, 3, D] for about `count` samples: twice even ones in 0..1, and the
    standard normals of the first. Beside the `starts` there are ADAPTED rounds, of more than
    MOST_ADAPTED targets none."""
    rounds = starts + (ADAPTED if targets <= MOST_ADAPTED else 0)
    share = max(1, count // rounds)
    parts = []
    for seed in range(rounds):
        engine = SobolEngine(2 * targets, scramble=True, seed=seed)  # type: ignore[no-untyped-call]
        even: Tensor = engine.draw(share).clamp(1e-4, 1 - 1e-4).reshape(share, 2, targets)
        parts.append(torch.cat([even, torch.special.ndtri(even[:, :1])], dim=1))
    return torch.stack(parts)


def adapted(points: Tensor, log_weights: Tensor) -> GaussianProposal:
    """A Gaussian with the weighted moments, in which no weight counts for more than the ELITE-th
    largest: so a first proposal that hardly touches the density still says where to go."""
    limit = log_weights.detach().topk(min(ELITE, log_weights.shape[1]), dim=1).values[:, -1:]
    weights = torch.softmax(torch.minimum(log_weights.detach(), limit), dim=1)[..., None]
    mean = (weights * points).sum(1)
    centred = points - mean[:, None]
    covariance = (weights * centred).mT @ centred
    return GaussianProposal(mean, SLACK * cholesky(covariance))


def cholesky(matrix: Tensor) -> Tensor:
    """The lower factor [B, D, D] of covariances of a few targets, written out entry by entry, as
    graphs have no operator for it."""
    size = matrix.shape[-1]
    zero = torch.zeros_like(matrix[:, 0, 0])
    rows: list[list[Tensor]] = [[zero] * size for _ in range(size)]
    for i in range(size):
        # What is left of the variance, or a millionth of it where rounding left nothing.
        rest = matrix[:, i, i] - sum((rows[i][k].square() for k in range(i)), start=zero)
        rows[i][i] = torch.maximum(rest, 1e-6 * matrix[:, i, i]).clamp(min=TINY).sqrt()
        for j in range(i + 1, size):
            rest = matrix[:, j, i] - sum((rows[j][k] * rows[i][k] for k in range(i)), start=zero)
            rows[j][i] = rest / rows[i][i]
    return torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2)


def _log_mean(proposals: list[Proposal], points: Tensor) -> Tensor:
    """log of the proposals' mean density at points [B, S, D]: [B, S]."""
    each = torch.stack([proposal.log_prob(points) for proposal in proposals])
    return torch.logsumexp(each, dim=0) - math.log(len(proposals))
