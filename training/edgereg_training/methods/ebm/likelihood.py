"""Energy-based regression: p(y|x) = exp f(x, y) / Z(x), trained and refined.

"Energy-Based Models for Deep Probabilistic Regression" (ECCV 2020): importance-sampled negative
log-likelihood with a Gaussian mixture about the target as proposal (Eq. 5), and gradient-based
refinement of an estimate (Algorithms 1 and S1). `trainers` has other ways to train f.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import torch
from torch import Tensor

# Points [..., D] -> f [...]; of points [B, M, D], row i belongs to example i.
EnergyFunction: TypeAlias = Callable[[Tensor], Tensor]
Rule: TypeAlias = Literal["algorithm-1", "algorithm-s1", "plain"]
RULES: tuple[str, ...] = get_args(Rule)
# Omega_1 and Omega_2 of Algorithm S1.
SMALL_CHANGE, LARGE_FALL = 0.001, -0.01


@dataclass(frozen=True)
class Proposal:
    """q(y | y_i) = 1/L sum_l N(y_i, diag(sigma_l^2)), in the coordinates of the energy.

    sigmas: L rows of D standard deviations. One component is drawn per sample, for all D.
    """

    sigmas: Sequence[Sequence[float]]

    def sample(self, shape: tuple[int, ...], generator: torch.Generator | None = None) -> Tensor:
        """Offsets y - y_i: float32 [*shape, D]."""
        table = torch.tensor(self.sigmas, dtype=torch.float32)
        component = torch.randint(len(table), shape, generator=generator)
        noise = torch.randn(*shape, table.shape[1], generator=generator)
        return noise * table[component]

    def log_density(self, offsets: Tensor) -> Tensor:
        """log q of offsets [..., D] -> [...]."""
        sigmas = torch.tensor(self.sigmas, dtype=offsets.dtype, device=offsets.device)
        scaled = offsets[..., None, :] / sigmas
        log_normal = -0.5 * scaled.square() - sigmas.log() - 0.5 * math.log(2 * math.pi)
        return torch.logsumexp(log_normal.sum(-1), dim=-1) - math.log(len(sigmas))


def nll(
    energy: EnergyFunction,
    proposal: Proposal,
    targets: Tensor,
    samples: int,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Importance-sampled -log p(y_i|x_i), a mean over the batch (paper Eq. 5).

    energy: y [B, M, D] -> f [B, M], in the proposal's coordinates; called once, with each target
    and its `samples` samples. targets: [B, D]. Not changed by f + c(x).
    """
    offsets = proposal.sample((len(targets), samples), generator).to(targets)
    f = energy(torch.cat([targets[:, None], targets[:, None] + offsets], dim=1))
    log_z = _log_mean_ratio(f[:, 1:], proposal.log_density(offsets))
    return (log_z - f[:, 0]).mean()


def log_partition(
    energy: EnergyFunction,
    proposal: Proposal,
    centres: Tensor,
    samples: int,
    generator: torch.Generator | None = None,
) -> Tensor:
    """log Z(x) = log of the integral of exp f, by importance sampling about centres [B, D]: [B].

    The proposal must reach all that exp f covers; log p(y|x) = f(x, y) - log Z(x).
    """
    offsets = proposal.sample((len(centres), samples), generator).to(centres)
    return _log_mean_ratio(energy(centres[:, None] + offsets), proposal.log_density(offsets))


def _log_mean_ratio(f: Tensor, log_q: Tensor) -> Tensor:
    return torch.logsumexp(f - log_q, dim=-1) - math.log(f.shape[-1])


def refine(
    energy: EnergyFunction,
    start: Tensor,
    steps: int,
    step_length: Tensor | float,
    decay: float,
    rule: Rule = "algorithm-1",
    best: bool = False,
) -> tuple[Tensor, Tensor]:
    """Gradient ascent on f from start [..., D], each point on its own.

    energy: points of start's shape [..., D] -> f [...]; step_length: a number or [D].
    Rules: "algorithm-1" accepts a step iff f does not fall, else stays and multiplies that point's
    step length by `decay`. "algorithm-s1" (paper's supplement; no decay) accepts every step and
    stops a point after one that changed f by less than 0.001 or by less than -0.01; it may end
    lower than it began. "plain" accepts every step and multiplies the length by `decay` each time.
    best: iterate t is the best point of the steps up to t, whatever the rule.

    Returns the trajectory [..., steps + 1, D] and its energies [..., steps + 1].
    ValueError where the rule is unknown or the energies are not one for each point.
    """
    if rule not in RULES:
        raise ValueError(f"unknown rule '{rule}' (known: {', '.join(RULES)})")
    if rule == "algorithm-1":
        trajectory, energies = _algorithm_1(energy, start, steps, step_length, decay)
    else:
        trajectory, energies = _every_step(energy, start, steps, step_length, decay, rule)
    if best:
        energies, order = energies.cummax(dim=-1)
        trajectory = trajectory.gather(-2, order[..., None].expand_as(trajectory))
    return trajectory, energies


def _algorithm_1(
    energy: EnergyFunction,
    start: Tensor,
    steps: int,
    step_length: Tensor | float,
    decay: float,
) -> tuple[Tensor, Tensor]:
    value, gradient = _value_and_gradient(energy, start)
    current, scale = start, torch.ones_like(start[..., :1])
    states, energies = [current], [value]
    for _ in range(steps):
        candidate = current + scale * step_length * gradient
        new_value, new_gradient = _value_and_gradient(energy, candidate)
        better = (new_value >= value)[..., None]
        current = torch.where(better, candidate, current)
        gradient = torch.where(better, new_gradient, gradient)
        value = torch.where(better[..., 0], new_value, value)
        scale = torch.where(better, scale, scale * decay)
        states.append(current)
        energies.append(value)
    return torch.stack(states, dim=-2), torch.stack(energies, dim=-1)


def _every_step(
    energy: EnergyFunction,
    start: Tensor,
    steps: int,
    step_length: Tensor | float,
    decay: float,
    rule: Rule,
) -> tuple[Tensor, Tensor]:
    value, gradient = _value_and_gradient(energy, start)
    current, scale = start, 1.0
    active = torch.ones_like(value, dtype=torch.bool)
    states, energies = [current], [value]
    for _ in range(steps):
        current = torch.where(active[..., None], current + scale * step_length * gradient, current)
        new_value, gradient = _value_and_gradient(energy, current)
        change = new_value - value
        value = torch.where(active, new_value, value)
        if rule == "plain":
            scale *= decay
        else:
            active = active & (change.abs() >= SMALL_CHANGE) & (change >= LARGE_FALL)
        states.append(current)
        energies.append(value)
    return torch.stack(states, dim=-2), torch.stack(energies, dim=-1)


def _value_and_gradient(energy: EnergyFunction, points: Tensor) -> tuple[Tensor, Tensor]:
    with torch.enable_grad():
        leaf = points.detach().requires_grad_(True)
        value = energy(leaf)
        if value.shape != points.shape[:-1]:
            given, made = list(points.shape), list(value.shape)
            raise ValueError(f"the energy made {made} of points {given}: one number a point")
        (gradient,) = torch.autograd.grad(value.sum(), leaf)
    return value.detach(), gradient
