"""GLLiM: golden checks of its EM and its inverse, and data that can't be fitted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("scipy")

from edgereg_training.loop.errors import TrainingError
from edgereg_training.methods.gllim.fit import GLLiM
from edgereg_training.methods.gllim.parameters import Parameters
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

COVARIANCES = ["full", "diagonal", "isotropic", "equal"]


def curved(count: int, features: int, noise: float = 0.2, seed: int = 0) -> tuple[Any, Any]:
    """Targets of two clusters, features that bend with them."""
    rng = np.random.default_rng(seed)
    t = rng.normal(size=(count, 2)) + np.where(rng.random(count) < 0.5, -2, 2)[:, None]
    basis = np.concatenate([t, np.sin(t), t**2 / 4], axis=1)
    x = basis @ rng.normal(size=(6, features)) + noise * rng.normal(size=(count, features))
    return 30 * t + 7, x + 5


def dense_prediction(p: Parameters, x: Any) -> tuple[Any, Any]:
    """Weights [N, K] and E[t|x] by the D x D covariance, straight from the definitions."""
    logs, means = [], []
    for k, weight in enumerate(p.weights):
        size = p.slopes.shape[1]
        noise = np.broadcast_to(p.noise[k], size) if p.noise.ndim < 3 else p.noise[k]
        noise = np.diag(noise) if noise.ndim == 1 else noise
        forward = noise + p.slopes[k] @ p.spreads[k] @ p.slopes[k].T
        centre = p.slopes[k] @ p.centres[k] + p.offsets[k]
        logs.append(np.log(weight) + multivariate_normal(centre, forward).logpdf(x))
        gain = p.spreads[k] @ p.slopes[k].T @ np.linalg.inv(forward)
        means.append(p.centres[k] + (x - centre) @ gain.T)
    joint = np.stack(logs, axis=1)
    weights = np.exp(joint - logsumexp(joint, axis=1, keepdims=True))
    return weights, np.einsum("nk,knl->nl", weights, np.stack(means))


def test_one_full_component_is_least_squares_of_targets_on_features() -> None:
    t, x = curved(400, 9)
    ones = np.ones((len(x), 1))
    design = np.concatenate([x, ones], axis=1)
    expected = design @ np.linalg.lstsq(design, t, rcond=None)[0]
    predicted = GLLiM(1, "full").fit(t, x).predict(x)
    np.testing.assert_allclose(predicted, expected, rtol=0, atol=1e-10 * np.abs(t).max())


def test_weighted_least_squares_and_examples_of_no_weight() -> None:
    t, x = curved(300, 5)
    weights = np.random.default_rng(1).integers(0, 4, len(t)).astype(float)
    design = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    root = np.sqrt(weights)[:, None]
    expected = design @ np.linalg.lstsq(root * design, root * t, rcond=None)[0]
    spoilt = np.where(weights[:, None] == 0, 1e6, x)
    predicted = GLLiM(1, "full").fit(t, spoilt, weights).predict(x)
    np.testing.assert_allclose(predicted, expected, rtol=0, atol=1e-9 * np.abs(t).max())


@pytest.mark.parametrize("covariance", COVARIANCES)
def test_a_weight_of_two_is_the_example_twice(covariance: Any) -> None:
    t, x = curved(200, 4)
    weights = np.where(np.arange(200) < 80, 2.0, 1.0)
    start = np.random.default_rng(3).dirichlet(np.ones(3), 200)
    twice = np.concatenate([np.arange(200), np.arange(80)])
    settings = GLLiM(3, covariance, iterations=6, tolerance=-np.inf)
    weighted = settings.fit(t, x, weights, posteriors=start)
    repeated = settings.fit(t[twice], x[twice], posteriors=start[twice])
    np.testing.assert_allclose(weighted.predict(x), repeated.predict(x), rtol=1e-9)


def test_full_covariances_are_a_joint_gaussian_mixture() -> None:
    t, x = curved(300, 3)
    start = np.random.default_rng(5).dirichlet(np.ones(2), 300)
    joint = np.concatenate([t, x], axis=1)
    posteriors, trace = start, []
    for _ in range(12):
        share = posteriors / posteriors.sum(0)
        logs = []
        for k in range(2):
            mean = share[:, k] @ joint
            spread = ((joint - mean) * share[:, [k]]).T @ (joint - mean)
            weight = np.log(posteriors[:, k].mean())
            logs.append(weight + multivariate_normal(mean, spread).logpdf(joint))
        total = logsumexp(np.stack(logs, axis=1), axis=1)
        trace.append(total.sum())
        posteriors = np.exp(np.stack(logs, axis=1) - total[:, None])
    fitted = GLLiM(2, "full", iterations=12, tolerance=-np.inf).fit(t, x, posteriors=start)
    np.testing.assert_allclose(fitted.log_likelihood, trace, rtol=1e-8)
    np.testing.assert_allclose(fitted.posteriors(t, x), posteriors, rtol=0, atol=1e-8)


@pytest.mark.parametrize("covariance", COVARIANCES)
@pytest.mark.parametrize("start", ["targets", "joint"])
def test_the_likelihood_never_falls(covariance: Any, start: Any) -> None:
    t, x = curved(500, 8)
    fitted = GLLiM(5, covariance, start, iterations=40, tolerance=-np.inf).fit(t, x)
    trace = np.array(fitted.log_likelihood)
    assert len(trace) == 40
    assert trace[-1] > trace[0]
    assert (np.diff(trace) >= -1e-9 * np.abs(trace[:-1])).all()


@pytest.mark.parametrize("covariance", COVARIANCES)
def test_woodbury_is_the_dense_inverse(covariance: Any) -> None:
    t, x = curved(400, 12)
    fitted = GLLiM(4, covariance).fit(t, x)
    weights, mean = dense_prediction(fitted.parameters, x[:50])
    density = fitted.density(x[:50])
    np.testing.assert_allclose(density.weights, weights, rtol=0, atol=1e-9)
    np.testing.assert_allclose(density.mean(), mean, rtol=1e-9)


def test_the_trace_is_the_likelihood_of_the_parameters() -> None:
    t, x = curved(200, 3)
    fitted = GLLiM(3, "diagonal").fit(t, x)
    p, logs = fitted.parameters, []
    for k, weight in enumerate(p.weights):
        errors = x - t @ p.slopes[k].T - p.offsets[k]
        feature = multivariate_normal(np.zeros(3), np.diag(p.noise[k])).logpdf(errors)
        target = multivariate_normal(p.centres[k], p.spreads[k]).logpdf(t)
        logs.append(np.log(weight) + target + feature)
    total = logsumexp(np.stack(logs, axis=1), axis=1).sum()
    assert fitted.log_likelihood[-1] == pytest.approx(total, rel=1e-10)


def test_more_components_follow_a_curve_better() -> None:
    t, x = curved(2000, 20)
    held_t, held_x = curved(2000, 20)  # the same map: the seed draws it after the targets
    errors = [np.abs(GLLiM(k, "equal").fit(t, x).predict(held_x) - held_t).mean() for k in (1, 10)]
    assert errors[1] < 0.5 * errors[0]


def test_components_without_examples_are_dropped() -> None:
    t, x = curved(60, 4)
    start = np.zeros((60, 5))
    start[:30, 1] = start[30:, 3] = 1.0
    fitted = GLLiM(5, "isotropic").fit(t, x, posteriors=start)
    assert len(fitted.parameters.weights) == 2
    assert fitted.parameters.weights.sum() == pytest.approx(1)
    assert fitted.posteriors(t, x).shape == (60, 2)


@pytest.mark.parametrize("covariance", COVARIANCES)
@pytest.mark.parametrize("start", ["targets", "joint"])
def test_too_many_components_end_as_fewer(covariance: Any, start: Any) -> None:
    t, x = curved(60, 6)
    fitted = GLLiM(45, covariance, start).fit(t, x)
    assert 1 <= len(fitted.parameters.weights) < 45
    assert np.isfinite(fitted.predict(x)).all()


@pytest.mark.parametrize("covariance", COVARIANCES)
def test_constant_and_repeated_columns_are_survived(covariance: Any) -> None:
    t, x = curved(300, 6)
    x[:, 2] = 4.0
    x[:, 3] = x[:, 1]
    t = np.concatenate([t, np.full((300, 1), 3.0)], axis=1)
    fitted = GLLiM(3, covariance).fit(t, x)
    predicted = fitted.predict(x)
    assert np.isfinite(predicted).all()
    np.testing.assert_allclose(predicted[:, 2], 3.0, atol=1e-6)
    assert np.abs(predicted - t)[:, :2].mean() < np.abs(t - t.mean(0))[:, :2].mean() / 3


def test_float32_features_and_any_block_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from edgereg_training.methods.gllim import em as gllim_em

    t, x = curved(700, 5)
    x = x.astype(np.float32)
    whole = GLLiM(3).fit(t, x.astype(np.float64)).predict(x)
    monkeypatch.setattr(gllim_em, "BLOCK", 1)
    np.testing.assert_allclose(GLLiM(3).fit(t, x).predict(x), whole, rtol=1e-7)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda t, x: (t, np.where(x > 5, np.nan, x)), "features hold a value that is not finite"),
        (lambda t, x: (t + np.inf, x), "targets hold a value that is not finite"),
        (lambda t, x: (t[:3], x[:3]), "3 examples can't fit 5 components of 2 targets"),
        (lambda t, x: (t, np.ones_like(x)), "the same for every example"),
    ],
)
def test_data_that_cannot_be_fitted(spoil: Any, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        GLLiM(5).fit(*spoil(*curved(100, 4)))


def test_wrong_shapes_and_settings() -> None:
    t, x = curved(50, 4)
    with pytest.raises(ValueError, match="50 targets, 49 features"):
        GLLiM(2).fit(t, x[1:])
    with pytest.raises(ValueError, match="targets \\[N, L\\]"):
        GLLiM(2).fit(t[:, 0], x)
    with pytest.raises(ValueError, match="features must be \\[N, 4\\]"):
        GLLiM(2).fit(t, x).predict(x[:, :3])
    with pytest.raises(ValueError, match="posteriors must be \\[50, K\\]"):
        GLLiM(2).fit(t, x, posteriors=np.ones((3, 2)))
    with pytest.raises(ValueError, match="at least 1 component"):
        GLLiM(0)
    with pytest.raises(ValueError, match="unknown covariance 'spherical'"):
        GLLiM(2, "spherical")  # type: ignore[arg-type]
