"""The evaluator's closed-form anchors, and the samples behind them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from edgereg_training.reproduce.ebm.toy import densities


def flat(x: Any, y: Any) -> Any:
    return np.full((len(x), len(y)), 7.0)


@pytest.mark.parametrize(
    ("name", "gaussian", "halves", "uniform", "floor"),
    [
        ("bimodal", 0.6999, (1.3529, 0.0470), 2.1188, -0.3266),
        ("heteroscedastic", 0.0, (0.0, 0.0), 3.2785, -1.4862),
    ],
)
def test_anchors(
    name: Any, gaussian: float, halves: tuple[float, float], uniform: float, floor: float
) -> None:
    found = densities.divergence(name, densities.matched_gaussian(name))
    left = densities.grid() < 0
    assert found.mean() == pytest.approx(gaussian, abs=1e-3)
    assert (found[left].mean(), found[~left].mean()) == pytest.approx(halves, abs=1e-3)
    assert densities.divergence(name, flat).mean() == pytest.approx(uniform, abs=1e-3)
    assert densities.entropy(name) == pytest.approx(floor, abs=1e-3)


def test_scores_of_any_scale_are_normalised() -> None:
    """A float32 exponential would overflow at 1000."""
    found = densities.divergence("bimodal", lambda x, y: flat(x, y) + 1000)
    assert found.mean() == pytest.approx(2.1188, abs=1e-3)


@pytest.mark.parametrize("name", ["bimodal", "heteroscedastic"])
def test_samples_follow_the_density(name: Any) -> None:
    """The share of samples in each cell is what the density says, within sampling error."""
    count = 40000
    x, y = densities.draw(name, count, 3)
    middles, fine = np.linspace(-2.95, 2.95, 60), np.linspace(-2.9975, 2.9975, 1200)
    mass = densities.true_density(name, middles, fine) * 0.005 / 60
    found, *_ = np.histogram2d(x, y, bins=10, range=((-3, 3), (-3, 3)))
    assert np.abs(found / count - mass.reshape(10, 6, 10, 120).sum((1, 3))).max() < 0.006


def test_the_first_problem_is_shifted_as_in_the_authors_code() -> None:
    x, y = densities.draw("bimodal", 2000, 0)
    assert np.median(y[x >= 0]) == pytest.approx(0.0, abs=0.03)
    assert y[x >= 0].min() > -1
