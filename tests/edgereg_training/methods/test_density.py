"""The families of densities against closed forms, scipy and numerical integration."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from edgereg_training.methods.densities import (
    GaussianMixture,
    LaplaceProduct,
    Levels,
    RadialLaplace,
    WeightedSamples,
    diagonal_mixture,
    gaussian,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from torch import Tensor

few = settings(max_examples=25, deadline=None, derandomize=True)
shares = st.floats(0.02, 0.98)


def mixture(seed: int, components: int = 3, size: int = 2) -> GaussianMixture:
    """Two images, float64; well apart components of different widths and correlations."""
    generator = torch.Generator().manual_seed(seed)
    options = {"generator": generator, "dtype": torch.float64}
    weights = torch.log_softmax(torch.randn(2, components, **options), dim=1)
    means = 4 * torch.randn(2, components, size, **options)
    lower = torch.tril(0.7 * torch.randn(2, components, size, size, **options), -1)
    diagonal = 0.2 + torch.rand(2, components, size, **options)
    return GaussianMixture(weights, means, lower + torch.diag_embed(diagonal))


def grid(low: float, high: float, count: int, size: int) -> tuple[Tensor, float]:
    """Points [1, count^size, size] and the volume of each."""
    axis = torch.linspace(low, high, count, dtype=torch.float64)
    points = torch.cartesian_prod(*[axis] * size).reshape(1, -1, size)
    return points, float(axis[1] - axis[0]) ** size


@few
@given(st.integers(0, 1000))
def test_mixtures_log_prob_is_scipys(seed: int) -> None:
    made = mixture(seed, size=3)
    points = torch.randn(2, 5, 3, dtype=torch.float64)
    found = made.log_prob(points)
    for image in range(2):
        expected = np.zeros(5)
        for k in range(3):
            covariance = (made.cholesky @ made.cholesky.mT)[image, k].numpy()
            normal = stats.multivariate_normal(made.means[image, k].numpy(), covariance)
            expected += float(made.log_weights[image, k].exp()) * normal.pdf(points[image].numpy())
        np.testing.assert_allclose(found[image].exp().numpy(), expected, rtol=1e-9, atol=1e-300)


@few
@given(st.integers(0, 1000), shares)
def test_mixtures_interval_holds_its_share_between_equal_tails(seed: int, level: float) -> None:
    made = mixture(seed)
    std = (made.cholesky @ made.cholesky.mT).diagonal(dim1=-2, dim2=-1).sqrt()
    ends = made.interval(level)
    for end, tail in zip(ends, ((1 - level) / 2, (1 + level) / 2), strict=True):
        cdf = stats.norm.cdf(end[:, None].numpy(), made.means.numpy(), std.numpy())
        below = (made.log_weights.exp()[..., None].numpy() * cdf).sum(1)
        np.testing.assert_allclose(below, tail, atol=1e-6)


def test_mixtures_moments_are_the_integrals() -> None:
    made = mixture(5)
    points, volume = grid(-20, 20, 501, 2)
    mass = made.log_prob(points.expand(2, -1, -1)).exp() * volume
    torch.testing.assert_close(mass.sum(1), torch.ones(2, dtype=torch.float64), atol=1e-4, rtol=0)
    mean = (mass[..., None] * points).sum(1)
    torch.testing.assert_close(made.mean(), mean, atol=1e-3, rtol=0)
    spread = (mass[..., None] * (points - mean[:, None]).square()).sum(1).sqrt()
    torch.testing.assert_close(made.std(), spread, atol=1e-3, rtol=0)


def test_mixtures_mode_is_where_the_density_is_greatest_not_the_weight() -> None:
    weights = torch.tensor([[0.3, 0.7]]).log()
    means = torch.tensor([[[30.0, 2.0], [75.0, 4.0]]])
    # The lighter component is the higher one, being narrower.
    made = diagonal_mixture(weights, means, torch.tensor([[[0.5, 0.5], [20.0, 1.0]]]))
    torch.testing.assert_close(made.mode(), means[:, 0], atol=0.01, rtol=0)


def test_mixtures_mode_may_lie_between_the_means() -> None:
    weights = torch.full((1, 2), 0.5).log()
    made = diagonal_mixture(weights, torch.tensor([[[-0.8], [0.8]]]), torch.ones(1, 2, 1))
    torch.testing.assert_close(made.mode(), torch.zeros(1, 1), atol=1e-3, rtol=0)


@pytest.mark.parametrize("seed", range(6))
def test_no_point_of_a_grid_is_higher_than_the_mode(seed: int) -> None:
    made = mixture(seed)
    points, _ = grid(-12, 12, 121, 2)
    highest = made.log_prob(points.expand(2, -1, -1)).amax(1)
    found = made.log_prob(made.mode()[:, None])[:, 0]
    assert bool((found >= highest - 1e-3).all())


def test_one_gaussian_is_the_textbooks() -> None:
    made = gaussian(torch.tensor([[1.0, -2.0]]), torch.tensor([[0.5, 3.0]]))
    low, high = made.interval(0.95)
    torch.testing.assert_close(low, torch.tensor([[1 - 0.979982, -2 - 5.879892]]))
    torch.testing.assert_close(high, torch.tensor([[1 + 0.979982, -2 + 5.879892]]))
    assert made.std().tolist() == [[0.5, 3.0]]
    top = made.log_prob(torch.tensor([[[1.0, -2.0]]])).item()
    assert top == pytest.approx(-math.log(2 * math.pi) - math.log(1.5), abs=1e-6)


@few
@given(st.floats(-50, 50), st.floats(0.01, 20), shares)
def test_laplace_is_scipys(location: float, scale: float, level: float) -> None:
    made = LaplaceProduct(
        torch.tensor([[location]], dtype=torch.float64),
        torch.tensor([[scale]], dtype=torch.float64),
    )
    known = stats.laplace(location, scale)
    ends = [float(end) for end in made.interval(level)]
    np.testing.assert_allclose(ends, known.interval(level), rtol=1e-9, atol=1e-9)
    assert made.std().item() == pytest.approx(known.std())
    points = torch.tensor([[[location - scale], [location + 3 * scale]]], dtype=torch.float64)
    np.testing.assert_allclose(
        made.log_prob(points)[0].numpy(), known.logpdf(points[0, :, 0].numpy()), rtol=1e-9
    )


def test_laplace_of_several_targets_is_their_product() -> None:
    location, scale = torch.tensor([[0.0, 5.0]]), torch.tensor([[1.0, 2.0]])
    both = LaplaceProduct(location, scale).log_prob(torch.tensor([[[0.5, 4.0]]]))
    expected = stats.laplace(0, 1).logpdf(0.5) + stats.laplace(5, 2).logpdf(4.0)
    assert both.item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_radial_laplace_integrates_to_one_over_shells(size: int) -> None:
    made = RadialLaplace(torch.zeros(1, size).double(), torch.ones(1).double())

    def shell(radius: float) -> float:
        point = torch.zeros(1, 1, size, dtype=torch.float64)
        point[..., 0] = radius
        area = 2 * math.pi ** (size / 2) / math.gamma(size / 2) * radius ** (size - 1)
        return float(made.log_prob(point).exp()) * area

    assert integrate.quad(shell, 0, 60)[0] == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9, 0.99])
def test_radial_laplace_intervals_of_one_and_three_targets(level: float) -> None:
    """Marginals: exp(-|u|) / 2 of one target; (1 + |u|) exp(-|u|) / 4 of three."""
    one = RadialLaplace(torch.zeros(1, 1).double(), torch.full((1,), 2.0).double())
    assert one.interval(level)[1].item() == pytest.approx(-2 * math.log(1 - level))
    scale = torch.tensor([[1.0, 2.0, 5.0]], dtype=torch.float64)
    three = RadialLaplace(torch.ones(1, 3).double(), scale)
    low, high = three.interval(level)
    half = ((high - low) / 2 / scale)[0]
    inside = 1 - torch.exp(-half) * (2 + half) / 2
    torch.testing.assert_close(inside, torch.full_like(inside, level), atol=1e-7, rtol=0)
    torch.testing.assert_close((high + low) / 2, torch.ones_like(scale))


def test_radial_laplace_of_two_targets_against_a_grid() -> None:
    made = RadialLaplace(torch.tensor([[1.0, -1.0]]).double(), torch.tensor([[0.5, 1.0]]).double())
    points, volume = grid(-16, 16, 1281, 2)
    mass = made.log_prob(points).exp()[0] * volume
    assert mass.sum().item() == pytest.approx(1, abs=1e-3)
    spread = (mass[:, None] * (points[0] - made.mean()).square()).sum(0).sqrt()
    torch.testing.assert_close(spread, made.std()[0], atol=2e-3, rtol=0)
    low, high = made.interval(0.8)
    for axis in range(2):
        held = (points[0, :, axis] > low[0, axis]) & (points[0, :, axis] < high[0, axis])
        assert mass[held].sum().item() == pytest.approx(0.8, abs=0.01)


@few
@given(st.lists(st.floats(0, 1), min_size=2, max_size=9).filter(lambda p: sum(p) > 0.1), shares)
def test_levels_are_a_histogram(heights: list[float], level: float) -> None:
    low, step = -3.0, 0.5
    p = torch.tensor([heights], dtype=torch.float64)
    p = p / p.sum()
    made = Levels((p,), (low,), (step,))
    edges = low + step * (np.arange(len(heights) + 1) - 0.5)
    known = stats.rv_histogram((p[0].numpy(), edges), density=False)
    assert made.mean().item() == pytest.approx(known.mean(), abs=1e-9)
    assert made.std().item() == pytest.approx(known.std(), abs=1e-7)
    for end, tail in zip(made.interval(level), ((1 - level) / 2, (1 + level) / 2), strict=True):
        assert known.cdf(end.item()) == pytest.approx(tail, abs=1e-9)
    centre = low + step * int(np.argmax(p[0].numpy()))
    assert made.mode().item() == pytest.approx(centre)
    assert made.log_prob(torch.tensor([[[centre]]])).item() == pytest.approx(
        known.logpdf(centre), abs=1e-6
    )


def test_levels_are_impossible_outside_and_include_their_edges() -> None:
    made = Levels((torch.tensor([[0.0, 1.0]]),), (0.0,), (2.0,))
    points = torch.tensor([[[-1.01], [-1.0], [0.0], [2.0], [3.0], [3.01]]])
    found = made.log_prob(points)[0]
    assert found[[0, 5]].tolist() == [-math.inf, -math.inf]
    assert found[3:5].tolist() == pytest.approx([-math.log(2)] * 2)
    assert found[[1, 2]].isfinite().all()


def test_samples_are_weighted() -> None:
    generator = torch.Generator().manual_seed(4)
    points = 6 * torch.rand(1, 40_000, 1, generator=generator) - 3
    weights = -0.5 * (points[..., 0] - 0.5).square() / 0.49
    made = WeightedSamples(points, weights, lambda at: -(at[..., 0] - 0.25).abs())
    assert made.mean().item() == pytest.approx(0.5, abs=0.02)
    assert made.std().item() == pytest.approx(0.7, abs=0.02)
    low, high = made.interval(0.8)
    assert low.item() == pytest.approx(0.5 - 0.7 * 1.28155, abs=0.03)
    assert high.item() == pytest.approx(0.5 + 0.7 * 1.28155, abs=0.03)
    # The mode is where the density is greatest, not where the weight is.
    assert made.mode().item() == pytest.approx(0.25, abs=1e-3)
    assert made.log_prob(torch.tensor([[[1.25]]])).item() == pytest.approx(-1.0)


def test_one_sample_is_everything() -> None:
    made = WeightedSamples(torch.ones(2, 1, 3), torch.zeros(2, 1), lambda at: at[..., 0])
    assert made.interval(0.5)[0].tolist() == [[1.0] * 3] * 2
    assert made.std().tolist() == [[0.0] * 3] * 2


def test_gradients_reach_the_parameters() -> None:
    std = torch.ones(1, 2, requires_grad=True)
    made = gaussian(torch.zeros(1, 2), std)
    (made.log_prob(torch.ones(1, 1, 2)).sum() + made.std().sum()).backward()
    # d/ds of -y^2 / (2 s^2) - log s + s at s = 1, y = 1.
    assert std.grad is not None
    assert std.grad.tolist() == [[1.0, 1.0]]


@pytest.mark.parametrize("level", [0.0, 1.0, -0.5, 90.0, math.nan])
def test_shares_outside_0_to_1_are_refused(level: float) -> None:
    p, zero, one = torch.ones(1, 2) / 2, torch.zeros(1, 2), torch.ones(1, 2)
    for made in (
        Levels((p,), (0.0,), (1.0,)),
        gaussian(zero, one),
        LaplaceProduct(zero, one),
        RadialLaplace(zero, one),
        WeightedSamples(torch.zeros(1, 3, 2), torch.zeros(1, 3), lambda at: at[..., 0]),
    ):
        with pytest.raises(ValueError, match="between 0 and 1"):
            made.interval(level)


def test_wrong_shapes_are_refused() -> None:
    flat = torch.ones(3)
    with pytest.raises(ValueError, match="one low and one step"):
        Levels((torch.ones(1, 2),), (0.0, 1.0), (1.0,))
    with pytest.raises(ValueError, match=r"\[B, N\]"):
        Levels((flat,), (0.0,), (1.0,))
    with pytest.raises(ValueError, match=r"log_weights \[B, K\]"):
        GaussianMixture(flat, torch.ones(3, 1, 2), torch.ones(3, 1, 2, 2))
    with pytest.raises(ValueError, match=r"cholesky \[B, K, D, D\]"):
        GaussianMixture(torch.ones(3, 1), torch.ones(3, 1, 2), torch.ones(3, 1, 2))
    with pytest.raises(ValueError, match="LaplaceProduct"):
        LaplaceProduct(flat, flat)
    with pytest.raises(ValueError, match="RadialLaplace"):
        RadialLaplace(flat, flat)
    with pytest.raises(ValueError, match="WeightedSamples"):
        WeightedSamples(torch.ones(3, 2), torch.ones(3), lambda at: at[..., 0])
