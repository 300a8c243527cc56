"""Hand-written gradients against autograd on the network, and what training reaches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgereg_training.reproduce.ebm.toy import (  # noqa: E402
    jets,
    steps,
)
from edgereg_training.reproduce.ebm.toy.densities import divergence, draw  # noqa: E402
from edgereg_training.reproduce.ebm.toy.fitting import Protocol, fit, gradient_of, log_proposal  # noqa: E402
from edgereg_training.reproduce.ebm.toy.network import ToyEnergy, flatten, restore  # noqa: E402

RNG = np.random.default_rng(0)
X, Y = (values.astype(np.float32) for values in draw("bimodal", 6, 0))
POINTS = Y[:, None] + RNG.normal(0, 1, (6, 9)).astype(np.float32)


@pytest.fixture(scope="module")
def net() -> Any:
    torch.manual_seed(0)
    return ToyEnergy()


def by_autograd(net: Any, loss: Any) -> Any:
    return flatten_gradients(
        net, torch.autograd.grad(loss, list(net.parameters()), allow_unused=True)
    )


def flatten_gradients(net: Any, found: Any) -> Any:
    pairs = zip(found, net.parameters(), strict=True)
    return torch.cat(
        [(torch.zeros_like(p) if g is None else g).flatten() for g, p in pairs]
    ).numpy()


def test_parameters_survive_flattening(net: Any) -> None:
    theta = flatten(net)
    assert theta.shape == (jets.PARAMETERS,)
    x, y = torch.from_numpy(X), torch.from_numpy(POINTS)
    assert torch.equal(restore(theta)(x, y), net(x, y))
    with pytest.raises(ValueError, match="shape"):
        restore(theta[1:])


def test_contrast_gradient_and_energies_equal_autograd(net: Any) -> None:
    log_q = RNG.normal(0, 1, (6, 9)).astype(np.float32)
    share = RNG.uniform(0, 0.3, 9).astype(np.float32)
    f = net(torch.from_numpy(X), torch.from_numpy(POINTS))
    scores = torch.logsumexp(f - torch.from_numpy(log_q), 1) - (f * torch.from_numpy(share)).sum(1)
    found = steps.contrast_gradient(flatten(net), X, POINTS, log_q, share, True)
    np.testing.assert_allclose(found, by_autograd(net, scores.mean()), atol=2e-6)
    same = steps.energies(flatten(net), X, POINTS[0])
    with torch.no_grad():
        wanted = net(torch.from_numpy(X), torch.from_numpy(POINTS[:1]).expand(6, -1))
    np.testing.assert_allclose(same, wanted.numpy(), atol=1e-6)


def test_denoising_gradient_equals_autograd(net: Any) -> None:
    wanted = RNG.normal(0, 3, 9).astype(np.float32)
    y = torch.from_numpy(POINTS).requires_grad_(True)
    (slope,) = torch.autograd.grad(net(torch.from_numpy(X), y).sum(), y, create_graph=True)
    loss = (slope - torch.from_numpy(wanted)).square().mean()
    found = steps.denoising_gradient(flatten(net), X, POINTS, wanted)
    np.testing.assert_allclose(found, by_autograd(net, loss), rtol=1e-4, atol=1e-5)


def test_langevin_steps_equal_autograd(net: Any) -> None:
    noise = RNG.standard_normal((3, 6, 9)).astype(np.float32)
    moved = POINTS.copy()
    steps.langevin(flatten(net), X, moved, noise, np.float32(0.3))
    y = torch.from_numpy(POINTS)
    for each in noise:
        leaf = y.detach().requires_grad_(True)
        (slope,) = torch.autograd.grad(net(torch.from_numpy(X), leaf).sum(), leaf)
        y = y + 0.5 * 0.3**2 * slope + 0.3 * torch.from_numpy(each)
    np.testing.assert_allclose(moved, y.numpy(), atol=1e-5)


def test_log_proposal_is_that_of_the_package() -> None:
    from edgereg_training.methods.ebm.likelihood import Proposal

    offsets = RNG.normal(0, 1, 7)
    wanted = Proposal([[0.1], [0.8]]).log_density(torch.from_numpy(offsets)[:, None])
    np.testing.assert_allclose(log_proposal(offsets, [0.1, 0.8]), wanted.numpy(), atol=1e-12)


@pytest.mark.parametrize("trainer", ["ml-is", "nce", "nce+", "kldis", "mcmc"])
def test_stochastic_gradients_are_repeatable_and_agree_in_direction(trainer: Any) -> None:
    protocol = Protocol(trainer=trainer, samples=64, chains=8)
    torch.manual_seed(1)
    theta = flatten(ToyEnergy())
    first, again, other = (
        gradient_of(protocol, np.random.default_rng(seed))(theta, X, Y) for seed in (0, 0, 1)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    if trainer != "mcmc":  # eight chains near the targets are mostly noise
        assert np.dot(first, other) > 0


def test_training_beats_the_uniform_density_and_is_repeatable() -> None:
    protocol = Protocol(epochs=10, samples=128)
    theta = fit(protocol, 1)
    assert np.array_equal(theta, fit(protocol, 1))

    def scores(x: Any, y: Any) -> Any:
        return steps.energies(theta, x.astype(np.float32), y.astype(np.float32))

    assert divergence("bimodal", scores).mean() < 1.2


def test_the_study_s_cell_gives_finite_numbers() -> None:
    from edgereg_training.reproduce.ebm.one_dimensional import train_cell

    protocol = Protocol(trainer="sm", epochs=1, examples=64)
    cell = train_cell({"protocol": protocol.model_dump(mode="json"), "seed": 0})
    assert len(cell["theta"]) == jets.PARAMETERS
    assert cell["kl"] == pytest.approx((cell["kl_left"] + cell["kl_right"]) / 2)
    assert np.isfinite(cell["kl"])
