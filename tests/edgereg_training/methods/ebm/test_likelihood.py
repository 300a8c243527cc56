"""Energy-based regression: importance sampling, refinement, the split first layer."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from edgereg_training.methods.ebm import likelihood as ebm  # noqa: E402
from edgereg_training.methods.ebm.target_energy import TargetEnergy  # noqa: E402


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
    targets = torch.randn(5, len(sigmas[0]), generator=torch.Generator().manual_seed(1)).double()

    def energy(points: Any) -> Any:
        return proposal.log_density(points - targets[:, None]) + shift

    loss = ebm.nll(energy, proposal, targets, 64, torch.Generator().manual_seed(2))
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
    trajectory, energy = ebm.refine(quadratic, torch.zeros(3, 2).double(), 6, 0.5, 0.5)
    assert torch.allclose(trajectory[0, :, 0] - 2, -2 * 0.5 ** torch.arange(7).double())
    assert (energy.diff(dim=1) >= 0).all()


def test_refinement_rejects_a_step_that_falls() -> None:
    trajectory, energy = ebm.refine(quadratic, torch.zeros(1, 1).double(), 2, 3.0, 0.5)
    assert trajectory[0, :, 0].tolist() == [0.0, 0.0, 3.0]
    assert energy[0].tolist() == [-2.0, -2.0, -0.5]


def test_each_example_climbs_its_own_energy() -> None:
    peaks = torch.tensor([[1.0, 2.0], [-3.0, 0.0]]).double()
    path, energy = ebm.refine(
        lambda y: -0.5 * (y - peaks).square().sum(-1), torch.zeros(2, 2).double(), 40, 0.5, 0.5
    )
    assert path.shape == (2, 41, 2)
    assert energy.shape == (2, 41)
    assert torch.allclose(path[:, -1], peaks)


def test_starts_of_one_image_climb_as_if_alone() -> None:
    starts = torch.tensor([[[0.0, 1.0], [5.0, 5.0], [2.5, 2.0]]]).double()
    together, energy = ebm.refine(quadratic, starts, 4, 2.5, 0.5)
    assert together.shape == (1, 3, 5, 2)
    assert energy.shape == (1, 3, 5)
    for index in range(3):
        alone, _ = ebm.refine(quadratic, starts[:, index], 4, 2.5, 0.5)
        assert torch.equal(together[:, index], alone)


def test_algorithm_s1_keeps_a_step_that_falls_and_stops_there() -> None:
    start = torch.tensor([[0.0], [2.0 - 1e-2], [2.01]]).double()
    path, energy = ebm.refine(quadratic, start, 4, 3.0, 0.5, rule="algorithm-s1")
    assert path[0, :, 0].tolist() == [0.0, 6.0, 6.0, 6.0, 6.0]  # fell by more than 0.01
    assert energy[0].tolist() == [-2.0, -8.0, -8.0, -8.0, -8.0]
    assert (path[1:, 1] == path[1:, 4]).all()  # changed by less than 0.001
    assert (path[1:, 1] != path[1:, 0]).all()


def test_algorithm_s1_goes_on_while_the_energy_rises() -> None:
    path, _ = ebm.refine(quadratic, torch.zeros(1, 1).double(), 3, 0.5, 1.0, rule="algorithm-s1")
    assert path[0, :, 0].tolist() == [0.0, 1.0, 1.5, 1.75]


def test_plain_ascent_takes_every_step_and_shortens_it() -> None:
    path, _ = ebm.refine(quadratic, torch.zeros(1, 1).double(), 3, 3.0, 0.5, rule="plain")
    assert path[0, :, 0].tolist() == [0.0, 6.0, 0.0, 1.5]


@pytest.mark.parametrize("rule", ["algorithm-s1", "plain"])
def test_the_best_point_seen_never_falls(rule: Any) -> None:
    start = torch.tensor([[0.0], [1.9]]).double()
    path, energy = ebm.refine(quadratic, start, 3, 3.0, 0.5, rule=rule, best=True)
    assert (energy.diff(dim=1) >= 0).all()
    assert path[0, 1, 0] == 0.0  # the step to 6 fell
    assert torch.allclose(quadratic(path), energy)


def test_bad_arguments_of_refinement_are_named() -> None:
    with pytest.raises(ValueError, match=r"unknown rule 'newton' \(known: algorithm-1, "):
        ebm.refine(quadratic, torch.zeros(1, 1), 1, 1.0, 0.5, rule="newton")
    targets = torch.zeros(3, 2)
    with pytest.raises(ValueError, match=r"made \[3, 3\] of points \[3, 1, 2\]: one number"):
        ebm.refine(lambda y: (y - targets).sum(-1), torch.zeros(3, 1, 2), 1, 1.0, 0.5)


def test_partition_function_of_a_gaussian() -> None:
    """exp f = exp(-|y - 2|^2 / 2) in two dimensions: Z = 2 pi, seen from a centre next to it."""
    proposal = ebm.Proposal([[1.0, 1.0], [2.0, 2.0]])
    generator = torch.Generator().manual_seed(0)
    log_z = ebm.log_partition(quadratic, proposal, torch.full((2, 2), 1.5), 20000, generator)
    assert log_z.tolist() == pytest.approx([math.log(2 * math.pi)] * 2, abs=0.02)


def test_split_first_layer_equals_the_concatenating_form() -> None:
    torch.manual_seed(3)
    energy = TargetEnergy(10, (0.0, 0.0, 0.0), (90.0, 60.0, 50.0), (8, 8), 16, 2).double()
    features, points = torch.randn(4, 10).double(), torch.randn(4, 7, 3).double()
    weight = torch.cat([energy.from_features.weight, energy.from_target.weight], dim=1)
    joint = torch.cat([features[:, None].expand(-1, 7, -1), energy.target(points)], dim=-1)
    first = energy.activation(joint @ weight.T + energy.from_features.bias)
    assert torch.allclose(energy(features, points), energy.trunk(first)[..., 0], atol=1e-12)


def test_training_finds_a_known_density() -> None:
    """1-D targets N(x, 0.3^2): the trained energy peaks at x with about that curvature."""
    torch.manual_seed(0)
    energy = TargetEnergy(1, (0.0,), (1.0,), (16, 16), 32, 1)
    optimiser = torch.optim.Adam(energy.parameters(), 5e-3)
    proposal = ebm.Proposal([[0.3], [1.0]])
    for _ in range(400):
        features = 2 * torch.rand(64, 1) - 1
        target = features + 0.3 * torch.randn(64, 1)
        loss = ebm.nll(partial(energy, features), proposal, target, 64)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    features = torch.tensor([[-0.5], [0.0], [0.5]])
    found, _ = ebm.refine(partial(energy, features), torch.zeros(3, 1, 1), 60, 0.02, 0.5)
    assert torch.allclose(found[:, 0, -1], features, atol=0.2)
