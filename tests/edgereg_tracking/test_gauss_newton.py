"""Gauss-Newton and conjugate gradients, and ATOM's classifier as their problem."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from edgereg_tracking.atom_classifier import (
    FilterProblem,
    JointProblem,
    correlate,
    filter_gradient,
    mlu,
    spread_back,
)
from edgereg_tracking.gauss_newton import Linearised, conjugate_gradients, minimise


def linear(matrix: Any, wanted: Any, diagonal: Any = 1.0) -> Any:
    return lambda x: Linearised(
        matrix @ x - wanted, lambda v: matrix @ v, lambda u: matrix.T @ u, diagonal
    )


@pytest.mark.parametrize("preconditioned", [False, True])
def test_n_steps_on_n_unknowns_solve_the_normal_equations(preconditioned: bool) -> None:
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(60, 20)) * np.geomspace(1, 3, 20)
    wanted = rng.normal(size=60)
    expected = np.linalg.solve(matrix.T @ matrix, matrix.T @ wanted)
    diagonal = (matrix**2).sum(0) if preconditioned else 1.0
    solution = minimise(linear(matrix, wanted, diagonal), np.zeros(20), rounds=1, steps=20)
    np.testing.assert_allclose(solution.values, expected, rtol=0, atol=1e-4)


def test_float32_and_a_start_elsewhere() -> None:
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(40, 8)).astype(np.float32)
    wanted = rng.normal(size=40).astype(np.float32)
    start = 5 * np.ones(8, np.float32)
    solution = minimise(linear(matrix, wanted), start, rounds=2, steps=8)
    expected = np.linalg.lstsq(matrix, wanted, rcond=None)[0]
    assert solution.values.dtype == np.float32
    np.testing.assert_allclose(solution.values, expected, atol=1e-4)
    assert solution.losses[1] < solution.losses[0]


def test_the_preconditioner_saves_steps() -> None:
    rng = np.random.default_rng(2)
    scales = np.geomspace(1, 1000, 30)
    matrix = rng.normal(size=(90, 30)) * scales
    wanted = rng.normal(size=90)
    best = float(((matrix @ np.linalg.lstsq(matrix, wanted, rcond=None)[0] - wanted) ** 2).sum())
    loss = {}
    for name, diagonal in (("plain", 1.0), ("jacobi", (matrix**2).sum(0))):
        x = minimise(linear(matrix, wanted, diagonal), np.zeros(30), 1, 10).values
        loss[name] = float(((matrix @ x - wanted) ** 2).sum()) - best
    assert loss["jacobi"] < loss["plain"] / 100


def test_rounds_solve_a_curved_problem() -> None:
    def rosenbrock(x: Any) -> Linearised:
        jacobian = np.array([[-20 * x[0], 10], [-1, 0]])
        residual = np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]])
        return Linearised(residual, lambda v: jacobian @ v, lambda u: jacobian.T @ u)

    solution = minimise(rosenbrock, np.array([-1.2, 1.0]), rounds=5, steps=2)
    np.testing.assert_allclose(solution.values, [1, 1], atol=1e-6)


def test_singular_and_zero_systems_end() -> None:
    assert (conjugate_gradients(lambda v: v, np.zeros(4), 9) == 0).all()
    assert (conjugate_gradients(lambda v: 0 * v, np.ones(4), 9) == 0).all()
    half = np.diag([1.0, 0.0])
    np.testing.assert_allclose(
        conjugate_gradients(lambda v: half @ v, np.array([3.0, 0.0]), 9), [3, 0]
    )


def test_what_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="start is not finite"):
        minimise(linear(np.eye(2), np.zeros(2)), np.array([np.nan, 0]), 1, 1)
    with pytest.raises(ValueError, match="residual is not finite"):
        minimise(linear(np.eye(2), np.array([np.inf, 0])), np.zeros(2), 1, 1)


def slow_scores(maps: Any, filters: Any) -> Any:
    kernel, even = filters.shape[-1], 1 - filters.shape[-1] % 2
    pad = kernel // 2
    padded = np.pad(maps, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    count, _, height, width = maps.shape
    out = np.empty((count, height + even, width + even))
    for y in range(height + even):
        for x in range(width + even):
            window = padded[:, :, y : y + kernel, x : x + kernel]
            out[:, y, x] = (window * filters).sum((1, 2, 3))
    return out


@pytest.mark.parametrize("kernel", [1, 3, 4])
def test_correlation_and_its_transposes(kernel: int) -> None:
    rng = np.random.default_rng(3)
    maps, filters = rng.normal(size=(2, 3, 5, 6)), rng.normal(size=(3, kernel, kernel))
    scores = correlate(maps, filters)
    np.testing.assert_allclose(scores, slow_scores(maps, filters), atol=1e-12)
    other = rng.normal(size=scores.shape)
    inner = float((scores * other).sum())
    assert float((filter_gradient(maps, other, kernel) * filters).sum()) == pytest.approx(inner)
    assert float((spread_back(other, filters, (5, 6)) * maps).sum()) == pytest.approx(inner)


def test_the_mlu() -> None:
    value, slope = mlu(np.array([-1.0, -0.01, 0.0, 2.0]))
    np.testing.assert_allclose(value, [-0.05, 0.05 * (np.exp(-0.2) - 1), 0, 2], atol=1e-9)
    np.testing.assert_allclose(slope, [0, np.exp(-0.2), 1, 1], atol=1e-8)


def problems() -> Any:
    rng = np.random.default_rng(4)
    features, labels = rng.normal(size=(4, 5, 6, 6)), rng.random((4, 7, 7))
    weights = rng.random(4)
    joint = JointProblem(features, labels, weights, channels=3)
    only = FilterProblem(rng.normal(size=(4, 3, 6, 6)), labels, weights)
    return [(joint, 3 * 5 + 3 * 16), (only, 3 * 16)]


@pytest.mark.parametrize("which", [0, 1])
def test_products_with_the_jacobian(which: int) -> None:
    problem, size = problems()[which]
    rng = np.random.default_rng(5)
    x, v = 0.3 * rng.normal(size=size), rng.normal(size=size)
    near = problem.linearise(x)
    step = 1e-6
    difference = problem.linearise(x + step * v).residual - problem.linearise(x - step * v).residual
    np.testing.assert_allclose(near.forward(v), difference / (2 * step), atol=1e-6)
    u = rng.normal(size=near.residual.shape)
    assert float(u @ near.forward(v)) == pytest.approx(float(near.backward(u) @ v))


def test_a_filter_is_learned_that_answers_the_labels() -> None:
    rng = np.random.default_rng(6)
    features = rng.normal(size=(6, 8, 10, 10))
    labels = np.zeros((6, 11, 11))
    for sample, (y, x) in enumerate(rng.integers(2, 8, (6, 2))):
        features[sample, :, y, x] += 4
        grid = np.arange(11) - 0.5
        labels[sample] = np.exp(-((grid[:, None] - y) ** 2 + (grid[None] - x) ** 2) / 2)
    problem = JointProblem(features, labels, np.full(6, 1 / 6), channels=4)
    start = rng.normal(size=4 * 8 + 4 * 16) * np.repeat([8**-0.5, 0.01], [32, 64])
    solution = minimise(problem.linearise, start, rounds=6, steps=10)
    assert solution.losses[-1] < 0.4 * solution.losses[0]
    projection, filters = problem.split(solution.values)
    scores = correlate(np.einsum("cd,mdhw->mchw", projection, features), filters)
    peaks = [np.unravel_index(one.argmax(), one.shape) for one in scores]
    truth = [np.unravel_index(one.argmax(), one.shape) for one in labels]
    assert np.abs(np.array(peaks) - np.array(truth)).max() <= 1


def test_shapes_that_do_not_fit() -> None:
    maps = np.zeros((2, 3, 6, 6))
    with pytest.raises(ValueError, match="take labels"):
        FilterProblem(maps, np.zeros((2, 6, 6)), np.ones(2))
    with pytest.raises(ValueError, match="take labels"):
        JointProblem(maps, np.zeros((2, 7, 7)), np.ones(3))
