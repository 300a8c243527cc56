"""Other ways to train an energy f(x, y), besides the importance-sampled likelihood of `ebm.nll`.

"How to Train Your Energy-Based Model for Regression" (BMVC 2020): noise-contrastive estimation
(nce, nce+), importance-sampled KL (kldis), Langevin likelihood (mcmc), denoising score matching
(dsm) and score matching (sm). `energy` maps y [B, M, D], in the energy's coordinates, to f [B, M];
targets are [B, D]; every function returns the mean loss of the batch, a scalar.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from edgereg_training.methods.ebm.likelihood import EnergyFunction, Proposal


def nce(
    energy: EnergyFunction,
    proposal: Proposal,
    targets: Tensor,
    samples: int,
    generator: torch.Generator | None = None,
) -> Tensor:
    """-log of the probability that the target is the one point of M + 1 not drawn from q."""
    still = torch.zeros_like(targets)
    return _contrastive(energy, proposal, targets, still, samples, generator)


def nce_plus(
    energy: EnergyFunction,
    proposal: Proposal,
    targets: Tensor,
    samples: int,
    generator: torch.Generator | None = None,
    jitter: float = 0.025,
) -> Tensor:
    """nce about y_i + nu, with nu from q shrunk by `jitter` (beta): targets known inexactly.

    q of y_i + nu is that of the proposal itself, not of the shrunk one, as in the authors' code.
    """
    nu = jitter * proposal.sample(tuple(targets.shape[:1]), generator).to(targets)
    return _contrastive(energy, proposal, targets, nu, samples, generator)


def _contrastive(
    energy: EnergyFunction,
    proposal: Proposal,
    targets: Tensor,
    moved: Tensor,
    samples: int,
    generator: torch.Generator | None,
) -> Tensor:
    drawn = proposal.sample((len(targets), samples), generator).to(targets)
    offsets = torch.cat([moved[:, None], drawn], dim=1)
    scores = energy(targets[:, None] + offsets) - proposal.log_density(offsets)
    return (torch.logsumexp(scores, dim=1) - scores[:, 0]).mean()


def kldis(
    energy: EnergyFunction,
    proposal: Proposal,
    targets: Tensor,
    samples: int,
    generator: torch.Generator | None = None,
    kernel: float = 0.025,
) -> Tensor:
    """KL from N(y_i, kernel^2 I) to the model, without its constant, by importance sampling."""
    offsets = proposal.sample((len(targets), samples), generator).to(targets)
    log_q = proposal.log_density(offsets)
    log_p = Proposal([[kernel] * targets.shape[1]]).log_density(offsets)
    f = energy(targets[:, None] + offsets)
    log_z = torch.logsumexp(f - log_q, dim=1) - math.log(samples)
    return (log_z - (f * (log_p - log_q).exp()).mean(dim=1)).mean()


def mcmc(
    energy: EnergyFunction,
    targets: Tensor,
    samples: int,
    generator: torch.Generator | None = None,
    steps: int = 16,
    step_length: float = 0.05,
) -> Tensor:
    """Mean f at the ends of Langevin chains, less f at the targets: the gradient of the NLL.

    `samples` chains start from each target: y += alpha^2 / 2 df/dy + alpha N(0, I), `steps` times,
    with alpha = `step_length`. The value itself is no likelihood.
    """
    points = targets[:, None].expand(-1, samples, -1)
    for _ in range(steps):
        noise = torch.randn(points.shape, generator=generator).to(points)
        points = points + 0.5 * step_length**2 * _slope(energy, points) + step_length * noise
    return energy(points).mean() - energy(targets[:, None]).mean()


def _slope(energy: EnergyFunction, points: Tensor) -> Tensor:
    with torch.enable_grad():
        leaf = points.detach().requires_grad_(True)
        (slope,) = torch.autograd.grad(energy(leaf).sum(), leaf)
    return slope


def dsm(
    energy: EnergyFunction,
    targets: Tensor,
    samples: int,
    generator: torch.Generator | None = None,
    noise: float = 0.2,
) -> Tensor:
    """Denoising score matching: mean ||df/dy + (y - y_i) / s^2||^2 at y = y_i + N(0, s^2 I).

    s = `noise`. The optimum is the target density smoothed by N(0, s^2 I).
    """
    shape = (len(targets), samples, targets.shape[1])
    offsets = noise * torch.randn(shape, generator=generator).to(targets)
    points = (targets[:, None] + offsets).requires_grad_(True)
    (slope,) = torch.autograd.grad(energy(points).sum(), points, create_graph=True)
    return (slope + offsets / noise**2).square().sum(-1).mean()


def sm(energy: EnergyFunction, targets: Tensor) -> Tensor:
    """Score matching: mean of tr d2f/dy2 + ||df/dy||^2 / 2 at the targets; D backward passes."""
    points = targets[:, None].detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(energy(points).sum(), points, create_graph=True)
    trace = torch.zeros_like(slope[..., 0])
    for axis in range(targets.shape[1]):
        (second,) = torch.autograd.grad(slope[..., axis].sum(), points, create_graph=True)
        trace = trace + second[..., axis]
    return (trace + 0.5 * slope.square().sum(-1)).mean()
