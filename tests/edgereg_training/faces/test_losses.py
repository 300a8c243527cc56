"""The likelihood of what is known: exact levels and intervals of them."""

from __future__ import annotations

import math

import pytest
import torch
from edgereg_training.faces.losses import interval_nll, weighted_mean


def nll(p: list[float], low: float, high: float) -> float:
    log_p = torch.tensor([p]).log()
    return float(interval_nll(log_p, torch.tensor([low]), torch.tensor([high])))


def test_an_exact_level_is_its_cross_entropy() -> None:
    assert nll([0.1, 0.2, 0.7], 1.0, 1.0) == pytest.approx(-math.log(0.2))


def test_between_two_levels_both_share() -> None:
    wanted = -(0.75 * math.log(0.2) + 0.25 * math.log(0.7))
    assert nll([0.1, 0.2, 0.7], 1.25, 1.25) == pytest.approx(wanted)


def test_an_interval_is_the_probability_within_it() -> None:
    assert nll([0.1, 0.2, 0.3, 0.4], 0.5, 2.5) == pytest.approx(-math.log(0.5))
    # Half of level 2 lies within.
    assert nll([0.1, 0.2, 0.3, 0.4], 0.5, 2.0) == pytest.approx(-math.log(0.35))


def test_nothing_in_the_interval_is_finite_and_has_a_gradient() -> None:
    log_p = torch.tensor([[0.0, -80.0, -80.0]], requires_grad=True)
    loss = interval_nll(log_p.log_softmax(1), torch.tensor([1.5]), torch.tensor([2.0]))
    loss.sum().backward()
    assert torch.isfinite(loss).all()
    assert log_p.grad is not None
    assert torch.isfinite(log_p.grad).all()


def test_what_is_unknown_weighs_nothing() -> None:
    losses = torch.tensor([1.0, 5.0, 3.0])
    assert weighted_mean(losses, torch.tensor([1.0, 0.0, 1.0])) == pytest.approx(2)
    assert weighted_mean(losses, torch.zeros(3)) == 0
