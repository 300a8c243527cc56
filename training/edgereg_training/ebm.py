"""Energy-based regression: p(y|x) = exp f(x, y) / Z(x), trained and refined.

"Energy-Based Models for Deep Probabilistic Regression" (ECCV 2020): importance-sampled negative
log-likelihood with a Gaussian mixture about the target as proposal (Eq. 5), and gradient-based
refinement of an estimate (Algorithm 1).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

EnergyFunction = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Proposal:
    """q(y | y_i) = 1/L sum_l N(y_i, diag(sigma_l^2)), in the coordinates of the energy.

    sigmas: L rows of D standard deviations. One component is drawn per sample, for all D.
    """

    sigmas: Sequence[Sequence[float]]

    def sample(
        self, shape: tuple[int, ...], generator: torch.Generator | None = None
    ) -> torch.Tensor:
        """Offsets y - y_i: float32 [*shape, D]."""
        table = torch.tensor(self.sigmas, dtype=torch.float32)
        component = torch.randint(len(table), shape, generator=generator)
        noise = torch.randn(*shape, table.shape[1], generator=generator)
        return noise * table[component]

    def log_density(self, offsets: torch.Tensor) -> torch.Tensor:
        """log q of offsets [..., D] -> [...]."""
        sigmas = torch.tensor(self.sigmas, dtype=offsets.dtype, device=offsets.device)
        scaled = offsets[..., None, :] / sigmas
        log_normal = -0.5 * scaled.square() - sigmas.log() - 0.5 * math.log(2 * math.pi)
        return torch.logsumexp(log_normal.sum(-1), dim=-1) - math.log(len(sigmas))


def nll(
    target_energy: torch.Tensor, sample_energy: torch.Tensor, log_q: torch.Tensor
) -> torch.Tensor:
    """Importance-sampled -log p(y_i|x_i), a mean over the batch (paper Eq. 5).

    target_energy: f(x_i, y_i) [B]; sample_energy: f(x_i, y_m) [B, M]; log_q: [B, M] or [M],
    the proposal's log density of the samples.
    """
    count = sample_energy.shape[-1]
    log_z = torch.logsumexp(sample_energy - log_q, dim=-1) - math.log(count)
    return (log_z - target_energy).mean()


def refine(
    energy: EnergyFunction,
    initial: torch.Tensor,
    step_length: torch.Tensor | float,
    decay: float,
    steps: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Algorithm 1: ascent that accepts a step iff f does not fall, else shortens that step.

    energy: maps y [N, D] to f [N]; initial: [N, D]; step_length: a number or [D].
    Returns the trajectory [N, steps+1, D] and its energies [N, steps+1].
    """
    value, gradient = _value_and_gradient(energy, initial)
    current, scale = initial, torch.ones(len(initial), 1, dtype=initial.dtype)
    states, energies = [current], [value]
    for _ in range(steps):
        candidate = current + scale * step_length * gradient
        new_value, new_gradient = _value_and_gradient(energy, candidate)
        better = (new_value >= value)[:, None]
        current = torch.where(better, candidate, current)
        gradient = torch.where(better, new_gradient, gradient)
        value = torch.where(better[:, 0], new_value, value)
        scale = torch.where(better, scale, scale * decay)
        states.append(current)
        energies.append(value)
    return torch.stack(states, dim=1), torch.stack(energies, dim=1)


def _value_and_gradient(
    energy: EnergyFunction, points: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    with torch.enable_grad():
        leaf = points.detach().requires_grad_(True)
        value = energy(leaf)
        (gradient,) = torch.autograd.grad(value.sum(), leaf)
    return value.detach(), gradient
