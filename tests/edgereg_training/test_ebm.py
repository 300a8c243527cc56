"""Energy-based regression: importance sampling, refinement, the split first layer."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from edgereg_training import ebm  # noqa: E402
from edgereg_training.target_energy import TargetEnergy  # noqa: E402


@pytest.mark.parametrize(
    ("sigmas", "expected"),
    [
        ([[0.2], [1.6]], -0.115135),
        ([[0.1], [0.8]], -0.808282),
        ([[0.05] * 4, [0.1] * 4, [0.2] * 4], -7.272857),
        ([[0.05] * 4, [0.5] * 4], -7.614128),
    ],
)
@pytest.mark.parametrize("shift", [0.0, 3.7])
def test_energy_equal_to_the_proposal_gives_its_log_density(
    sigmas: Any, expected: float, shift: float
) -> None:
    proposal = ebm.Proposal(sigmas)
    offsets = proposal.sample((5, 64), torch.Generator().manual_seed(1)).double()
    log_q = proposal.log_density(offsets)
    at_target = proposal.log_density(torch.zeros(5, len(sigmas[0]), dtype=torch.float64))
    loss = ebm.nll(at_target + shift, log_q + shift, log_q)
    assert loss.item() == pytest.approx(expected, abs=1e-6)


def test_samples_have_the_mixture_s_spread() -> None:
    proposal = ebm.Proposal([[0.1, 1.0], [0.2, 2.0]])
    offsets = proposal.sample((40000,), torch.Generator().manual_seed(2))
    assert offsets.std(0).tolist() == pytest.approx([0.158, 1.58], rel=0.03)
    wide = offsets[:, 1].abs() > 4
    assert offsets[wide, 0].std() > 0.18  # one component for all dimensions


def quadratic(points: Any) -> Any:
    return -0.5 * (points - 2.0).square().sum(-1)


def test_refinement_halves_the_error_of_a_quadratic() -> None:
    trajectory, energy = ebm.refine(quadratic, torch.zeros(3, 2).double(), 0.5, 0.5, 6)
    assert torch.allclose(trajectory[0, :, 0] - 2, -2 * 0.5 ** torch.arange(7).double())
    assert (energy.diff(dim=1) >= 0).all()


def test_refinement_rejects_a_step_that_falls() -> None:
    trajectory, energy = ebm.refine(quadratic, torch.zeros(1, 1).double(), 3.0, 0.5, 2)
    assert trajectory[0, :, 0].tolist() == [0.0, 0.0, 3.0]
    assert energy[0].tolist() == [-2.0, -2.0, -0.5]


def test_split_first_layer_equals_the_concatenating_form() -> None:
    torch.manual_seed(3)
    energy = TargetEnergy(10, (0.0, 0.0, 0.0), (90.0, 60.0, 50.0), 8, 16, 2).double()
    features, points = torch.randn(4, 10).double(), torch.randn(4, 7, 3).double()
    weight = torch.cat([energy.from_features.weight, energy.from_target.weight], dim=1)
    joint = torch.cat([features[:, None].expand(-1, 7, -1), energy.target(points)], dim=-1)
    first = energy.activation(joint @ weight.T + energy.from_features.bias)
    assert torch.allclose(energy(features, points), energy.trunk(first)[..., 0], atol=1e-12)


def test_training_finds_a_known_density() -> None:
    """1-D targets N(x, 0.3^2): the trained energy peaks at x with about that curvature."""
    torch.manual_seed(0)
    energy = TargetEnergy(1, (0.0,), (1.0,), 16, 32, 1)
    optimiser = torch.optim.Adam(energy.parameters(), 5e-3)
    proposal = ebm.Proposal([[0.3], [1.0]])
    for _ in range(400):
        features = 2 * torch.rand(64, 1) - 1
        target = features + 0.3 * torch.randn(64, 1)
        offsets = proposal.sample((64, 64))
        points = torch.cat([target[:, None], target[:, None] + offsets], dim=1)
        values = energy(features, points)
        loss = ebm.nll(values[:, 0], values[:, 1:], proposal.log_density(offsets))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    features = torch.tensor([[-0.5], [0.0], [0.5]])
    found, _ = ebm.refine(
        lambda y: energy(features, y[:, None])[:, 0], torch.zeros(3, 1), 0.02, 0.5, 60
    )
    assert torch.allclose(found[:, -1], features, atol=0.2)
