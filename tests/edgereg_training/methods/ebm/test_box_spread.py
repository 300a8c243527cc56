"""Deviations of boxes, against closed forms and a fine grid."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from edgereg_training.methods.ebm.box_spread import box_spread, fitted_factors
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

BOX = torch.tensor([[40.0, 60.0, 120.0, 160.0]])


def relative(points: Tensor) -> Tensor:
    """(cx / w, cy / h, log w, log h) of points [1, S, 4] beside those of BOX."""
    size = BOX[:, 2:] - BOX[:, :2]
    centre = (BOX[:, 2:] + BOX[:, :2]) / 2
    sides = points[..., 2:] - points[..., :2]
    place = ((points[..., 2:] + points[..., :2]) / 2 - centre) / size
    return torch.cat([place, (sides / size).log()], -1)


def gaussian(sigma: Tensor, mean: Tensor) -> object:
    def energy(points: Tensor) -> Tensor:
        return -0.5 * ((relative(points) - mean) / sigma).square().sum(-1)

    return energy


def distance(sigmas: list[float], means: list[float]) -> tuple[Tensor, float]:
    """How far the deviations [4] of a normal density are from the root mean square distance of its
    edges from the answer, as |log ratio|; and the effective number of samples."""
    sigma, mean = torch.tensor(sigmas), torch.tensor(means)
    std, effective = box_spread(gaussian(sigma, mean), BOX)  # type: ignore[arg-type]
    samples = mean + sigma * torch.from_numpy(
        np.random.default_rng(0).standard_normal((200_000, 4)).astype(np.float32)
    )
    half = samples[:, 2:].expm1() / 2
    edges = torch.cat([samples[:, :2] - half, samples[:, :2] + half], 1)
    wanted = edges.square().mean(0).sqrt() * torch.tensor([80.0, 100.0, 80.0, 100.0])
    return (std[0] / wanted).log().abs(), float(effective[0])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(0.012, 0.05), min_size=4, max_size=4),
    st.lists(st.floats(-0.02, 0.02), min_size=4, max_size=4),
)
def test_of_a_normal_density_they_are_its_distance_from_the_answer(
    sigmas: list[float], means: list[float]
) -> None:
    # The worst of 8,600 draws, all at the corners of these ranges: 0.72, 0.40 and 2.3.
    off, effective = distance(sigmas, means)
    assert off.max() < 1.0
    assert off.mean() < 0.55
    assert effective > 1.5


def test_most_normal_densities_are_met_closely() -> None:
    rng = np.random.default_rng(0)
    off = [
        distance(rng.uniform(0.012, 0.05, 4).tolist(), rng.uniform(-0.02, 0.02, 4).tolist())[0]
        for _ in range(50)
    ]
    assert torch.stack(off).mean(1).quantile(0.9) < 0.12


def test_a_long_edge_is_less_sure_than_a_short_one() -> None:
    unsure_below = torch.tensor([0.01, 0.04, 0.01, 0.08])
    std, _ = box_spread(gaussian(unsure_below, torch.zeros(4)), BOX)  # type: ignore[arg-type]
    assert std[0, [1, 3]].min() > 2 * std[0, [0, 2]].max()


def test_every_box_by_itself() -> None:
    boxes = torch.cat([BOX, BOX + 7, BOX * 2])

    def energy(points: Tensor) -> Tensor:
        sides = (boxes[:, None, 2:] - boxes[:, None, :2]).repeat(1, 1, 2)
        return -0.5 * ((points - boxes[:, None]) / (0.03 * sides)).square().sum(-1)

    std, _ = box_spread(energy, boxes)
    torch.testing.assert_close(std[0], std[1], rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(2 * std[0], std[2], rtol=1e-3, atol=1e-3)


def test_factors_make_the_intervals_right() -> None:
    rng = torch.Generator().manual_seed(0)
    std = 1 + torch.rand(4000, 4, generator=rng)
    wrong_by = torch.tensor([0.5, 1.0, 2.0, 3.0])
    errors = torch.randn(4000, 4, generator=rng) * std * wrong_by
    factors = fitted_factors([(errors, std)])
    torch.testing.assert_close(factors, wrong_by, rtol=0.06, atol=0)
    inside = (errors.abs() <= 1.6448536 * factors * std).float().mean(0)
    assert (inside - 0.9).abs().max() < 0.01


def test_kinds_of_pictures_count_alike() -> None:
    many = torch.full((900, 4), 0.1), torch.ones(900, 4)
    few = torch.linspace(0, 4, 10)[:, None].repeat(1, 4), torch.ones(10, 4)
    factors = fitted_factors([many, few])
    # 90 % of both together are reached within the few's own errors.
    assert factors.min() > 1.5
    with pytest.raises(ValueError, match="no box"):
        fitted_factors([(torch.zeros(0, 4), torch.zeros(0, 4))])
