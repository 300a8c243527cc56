"""Every trainer's loss has its minimum at the energy that theory says it has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from edgereg_training.methods.ebm import trainers as ebm_trainers  # noqa: E402
from edgereg_training.methods.ebm.likelihood import Proposal, nll  # noqa: E402

MEAN, STD = torch.tensor([0.5, -1.0]), 0.5
PROPOSAL = Proposal([[0.4, 0.4], [1.0, 1.0]])


def generator() -> Any:
    return torch.Generator().manual_seed(1)


def plus(energy: Any, y: Any) -> Any:
    return ebm_trainers.nce_plus(energy, PROPOSAL, y, 64, generator())


# The loss, and the variance of the Gaussian whose energy minimises it. kldis and dsm find the
# targets' density smoothed by their kernels.
TRAINERS: dict[str, tuple[Callable[[Any, Any], Any], float]] = {
    "ml-is": (lambda f, y: nll(f, PROPOSAL, y, 64, generator()), STD**2),
    "nce": (lambda f, y: ebm_trainers.nce(f, PROPOSAL, y, 64, generator()), STD**2),
    "nce+": (plus, STD**2),
    "kldis": (
        lambda f, y: ebm_trainers.kldis(f, PROPOSAL, y, 64, generator(), 0.25),
        STD**2 + 0.25**2,
    ),
    "mcmc": (lambda f, y: ebm_trainers.mcmc(f, y, 8, generator(), 16, 0.1), STD**2),
    "dsm": (lambda f, y: ebm_trainers.dsm(f, y, 16, generator(), 0.4), STD**2 + 0.4**2),
    "sm": (ebm_trainers.sm, STD**2),
}


def slopes(loss: Any, precision: float, mean: Any) -> tuple[float, Any]:
    """d loss / d precision and d loss / d mean of f = -precision |y - mean|^2 / 2."""
    p, m = torch.tensor(precision, requires_grad=True), mean.clone().requires_grad_(True)
    y = MEAN + STD * torch.randn(4000, 2, generator=torch.Generator().manual_seed(0))
    value = loss(lambda points: -0.5 * p * (points - m).square().sum(-1), y)
    by_precision, by_mean = torch.autograd.grad(value, (p, m))
    return float(by_precision), by_mean


@pytest.mark.parametrize("name", TRAINERS)
def test_the_true_gaussian_is_the_minimum(name: str) -> None:
    loss, variance = TRAINERS[name]
    precision = 1 / variance
    assert slopes(loss, 0.85 * precision, MEAN)[0] < 0
    assert slopes(loss, 1.15 * precision, MEAN)[0] > 0
    assert (slopes(loss, precision, MEAN - 0.15 * STD)[1] < 0).all()
    assert (slopes(loss, precision, MEAN + 0.15 * STD)[1] > 0).all()


def test_score_matching_in_closed_form() -> None:
    """f = -p |y - m|^2 / 2 in two dimensions: -2 p + p^2 |y - m|^2 / 2."""
    y = torch.tensor([[1.5, -1.0], [0.5, 1.0]])
    loss = ebm_trainers.sm(lambda points: -1.5 * (points - MEAN).square().sum(-1), y)
    assert loss.item() == pytest.approx(-6 + 4.5 * (1 + 4) / 2)


def test_contrast_of_an_energy_equal_to_the_proposal_is_a_guess() -> None:
    """Then every one of M + 1 points is as likely to be the target."""
    targets = torch.zeros(7, 2)
    loss = ebm_trainers.nce(PROPOSAL.log_density, PROPOSAL, targets, 15, generator())
    assert loss.item() == pytest.approx(torch.tensor(16.0).log().item(), abs=1e-5)


def test_a_target_that_is_no_number_shows_in_the_loss() -> None:
    targets = torch.tensor([[0.0, 0.0], [float("nan"), 0.0]])
    for loss, _ in TRAINERS.values():
        value = loss(lambda points: -points.square().sum(-1), targets)
        assert not torch.isfinite(value)
