"""Weighted samples of densities whose moments are known."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from edgereg_training.methods.densities.levels import Levels  # noqa: E402
from edgereg_training.methods.densities.samples import WeightedSamples  # noqa: E402
from edgereg_training.methods.ebm.importance import (  # noqa: E402
    Draws,
    GaussianProposal,
    LevelProposal,
    cholesky,
    proposals_of,
    random_numbers,
    sample,
)

MEAN = torch.tensor([10.0, 5.0, -3.0])
STD = torch.tensor([4.0, 3.0, 2.0])


def energy_of(covariance: torch.Tensor) -> tuple[object, float]:
    """f of a Gaussian about MEAN, up by 7, and log Z."""
    precision = torch.linalg.inv(covariance)

    def energy(points: torch.Tensor) -> torch.Tensor:
        offset = points - MEAN
        return 7 - 0.5 * torch.einsum("bsi,ij,bsj->bs", offset, precision, offset)

    return energy, 7 + 0.5 * float(torch.logdet(2 * math.pi * covariance))


def covariance_of(sharp: float, correlation: float) -> torch.Tensor:
    c = torch.eye(3)
    c[0, 1] = c[1, 0] = correlation
    return sharp**2 * torch.diag(STD) @ c @ torch.diag(STD)


def drawn(shift: float, sharp: float, correlation: float) -> tuple[Draws, float, torch.Tensor]:
    """512 samples, where the estimate is off by `shift` of its deviations and 1 / sharp as wide."""
    covariance = covariance_of(sharp, correlation)
    energy, log_z = energy_of(covariance)
    factor = torch.diag(STD)[None]
    start = GaussianProposal((MEAN + shift * STD)[None], factor)
    wider = GaussianProposal(start.mean, 3 * factor)
    return sample(energy, (start, wider), random_numbers(3, 2, 512)), log_z, covariance  # type: ignore[arg-type]


@pytest.mark.parametrize("correlation", [0.0, 0.9])
@pytest.mark.parametrize(("shift", "sharp"), [(0, 1), (1, 1), (1, 2), (3, 1), (1, 0.2), (3, 0.2)])
def test_mass_and_moments_of_a_gaussian(shift: float, sharp: float, correlation: float) -> None:
    found, log_z, covariance = drawn(shift, sharp, correlation)
    count = found.points.shape[1]
    mass = float(torch.logsumexp(found.log_weights, 1)) - math.log(count) - log_z
    assert math.exp(mass) == pytest.approx(1, abs=0.06)
    density = WeightedSamples(found.points, found.log_weights, lambda points: points[..., 0])
    true = covariance.diagonal().sqrt()
    assert float(((density.mean() - MEAN) / true).abs().max()) < 0.1
    torch.testing.assert_close(density.std()[0] / true, torch.ones(3), atol=0.1, rtol=0)
    low, high = density.interval(0.9)
    torch.testing.assert_close((high - low)[0] / true, torch.full((3,), 3.29), atol=0.35, rtol=0)
    # Fixed offsets left one in a hundred; below a tenth nothing is to be trusted.
    assert float(density.effective()) > 0.1


def test_samples_of_levels_have_their_distribution() -> None:
    first = torch.tensor([[0.1, 0.6, 0.0, 0.3]])
    second = torch.softmax(torch.randn(1, 7, generator=torch.Generator().manual_seed(0)), 1)
    density = Levels((first, second), (10.0, -3.0), (5.0, 1.0))
    points = LevelProposal(density).points(random_numbers(2, 1, 4 * 4096)[0])
    shares = torch.histc((points[0, :, 0] - 10) / 5, 4, -0.5, 3.5) / 4096
    torch.testing.assert_close(shares, first[0], atol=0.005, rtol=0)
    torch.testing.assert_close(points.mean(1), density.mean(), atol=0.03, rtol=0)
    torch.testing.assert_close(points.std(1), density.std(), atol=0.03, rtol=0)


def test_a_density_of_levels_starts_from_its_posterior() -> None:
    own, wider = proposals_of(Levels.of(torch.full((2, 3, 5), 0.2), (0.0,) * 3, (1.0,) * 3))
    assert isinstance(own, LevelProposal)
    assert isinstance(wider, GaussianProposal)
    # Two standard deviations of five even levels, and a half.
    assert float(wider.factor[0, 0, 0]) == pytest.approx(3 * math.sqrt(2 + 1 / 12), rel=1e-3)


def test_the_factor_is_torchs() -> None:
    matrix = covariance_of(0.7, 0.8)[None] + 0.1
    torch.testing.assert_close(cholesky(matrix), torch.linalg.cholesky(matrix))
    singular = torch.ones(1, 3, 3)
    assert bool(torch.isfinite(cholesky(singular)).all())
