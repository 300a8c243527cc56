"""Marginals of Gaussians, whose form is known, from what their density says at points."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edgereg.marginals import SAMPLES, _smoothed, is_product, marginals

MEAN = np.array([10.0, 5.0, -3.0])
STD = np.array([4.0, 3.0, 2.0])


def gaussian(correlation: float, sharp: float = 1.0) -> Callable[[np.ndarray], np.ndarray]:
    """f of a Gaussian about MEAN whose first two targets depend on each other, up by 7."""
    c = np.eye(3)
    c[0, 1] = c[1, 0] = correlation
    precision = np.linalg.inv(sharp**2 * np.diag(STD) @ c @ np.diag(STD))

    def log_density(points: np.ndarray) -> np.ndarray:
        offset = points - MEAN
        return 7 - 0.5 * np.einsum("si,ij,sj->s", offset, precision, offset)

    return log_density


def test_a_product_is_told_from_what_is_none() -> None:
    assert is_product(gaussian(0.0), MEAN + 1, STD)
    assert not is_product(gaussian(0.5), MEAN + 1, STD)


@pytest.mark.parametrize(("shift", "sharp"), [(0, 1), (1, 0.5), (2, 1), (1, 2)])
def test_marginals_are_wider_than_slices(shift: float, sharp: float) -> None:
    axes = list(np.linspace(MEAN - 8 * STD, MEAN + 8 * STD, 401).T.astype(np.float32))
    found = marginals(gaussian(0.9, sharp), MEAN + shift * STD, STD, axes)
    assert found is not None
    for x, density, mean, std in zip(axes, found, MEAN, STD, strict=True):
        mass = np.trapezoid(density, x)
        assert mass == pytest.approx(1, abs=0.02)
        centre = np.trapezoid(density * x, x) / mass
        width = np.sqrt(np.trapezoid(density * (x - centre) ** 2, x) / mass)
        assert centre == pytest.approx(mean, abs=0.12 * std * sharp)
        # A slice of the first two would be 0.44 times as wide.
        assert width == pytest.approx(std * sharp, rel=0.1)


def test_half_the_samples_draw_nearly_the_same_curve() -> None:
    axes = list(np.linspace(MEAN - 8 * STD, MEAN + 8 * STD, 401).T.astype(np.float32))
    whole = marginals(gaussian(0.9), MEAN + STD, STD, axes)
    half = marginals(gaussian(0.9), MEAN + STD, STD, axes, SAMPLES // 2)
    assert whole is not None
    assert half is not None
    for x, one, other in zip(axes, whole, half, strict=True):
        assert 0 < np.trapezoid(np.abs(one - other), x) / 2 < 0.06


def test_a_density_that_is_nowhere_finite_has_none() -> None:
    nothing = marginals(lambda p: np.full(len(p), np.nan), MEAN, STD, [np.zeros(3, np.float32)] * 3)
    assert nothing is None


@pytest.mark.parametrize("deviation", [0.01, 1.0, 60.0])
def test_smoothing_on_a_grid_is_the_sum_of_all_kernels(deviation: float) -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(2.0, deviation, 900)
    weights = rng.exponential(size=900)
    weights /= weights.sum()
    axis = np.linspace(-90, 90, 481, dtype=np.float32)
    width = (
        0.9 * np.sqrt(np.cov(values, aweights=weights, ddof=0)) * np.square(weights).sum() ** 0.2
    )
    white = (axis.astype(np.float64)[:, None] - values) / width
    each = np.exp(-0.5 * np.square(white)) @ weights / (width * np.sqrt(2 * np.pi))
    found = _smoothed(values, weights, axis)
    assert np.abs(found - each).max() <= 3e-3 * max(each.max(), 1 / (width * 10))
