"""The paper's two one-dimensional problems (Fig. 2), and how far a learned density is from them.

x ~ U(-3, 3). "bimodal": y|x<0 ~ 0.8 N(sin x, .075^2) + 0.2 N(-sin x, .075^2), and y|x>=0 is
log-normal(0, .25^2) less 1 (the shift is in the authors' code). "heteroscedastic":
y|x ~ N(sin x, (.15 / (1 + exp(-x)))^2).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Name = Literal["bimodal", "heteroscedastic"]
LOW, HIGH, POINTS = -3.0, 3.0, 2048
TINY = 1e-30
"""Added to true densities before normalising, as the authors do."""


def grid(points: int = POINTS) -> Array:
    """The evaluator's x and y: uniform on [-3, 3]."""
    return np.linspace(LOW, HIGH, points)


def draw(name: Name, count: int, seed: int) -> tuple[Array, Array]:
    """x and y [count] of a training set."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(LOW, HIGH, count)
    noise = rng.standard_normal(count)
    if name == "heteroscedastic":
        return x, np.sin(x) + _spread(x) * noise
    sign = np.where(rng.uniform(size=count) < 0.8, 1.0, -1.0)
    left = sign * np.sin(x) + 0.075 * noise
    return x, np.where(x < 0, left, np.exp(0.25 * noise) - 1)


def true_density(name: Name, x: Array, y: Array) -> Array:
    """p(y|x) of x [N], y [M]: [N, M]."""
    mean = np.sin(x)[:, None]
    if name == "heteroscedastic":
        return _normal(y[None] - mean, _spread(x)[:, None])
    left = 0.8 * _normal(y[None] - mean, 0.075) + 0.2 * _normal(y[None] + mean, 0.075)
    shifted = np.maximum(y + 1, TINY)
    right = np.where(y > -1, _normal(np.log(shifted), 0.25) / shifted, 0.0)
    return np.where(x[:, None] < 0, left, right[None])


def _spread(x: Array) -> Array:
    return np.asarray(0.15 / (1 + np.exp(-x)))


def _normal(offset: Array, sigma: Array | float) -> Array:
    return np.asarray(np.exp(-0.5 * (offset / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi)))


def divergence(name: Name, log_model: Callable[[Array, Array], Array], part: int = 256) -> Array:
    """KL(p(y|x) || model) in nats at each of the grid's x: [2048].

    log_model(x [N], y [M]) -> unnormalised log densities [N, M]. Both sides are normalised to sum
    to 1 over the y grid; the model's by log-softmax, so that its scale can't overflow.
    """
    y = grid()
    found = []
    for x in np.array_split(grid(), POINTS // part):
        truth = true_density(name, x, y) + TINY
        truth /= truth.sum(1, keepdims=True)
        scores = log_model(x, y).astype(np.float64)
        scores = scores - scores.max(1, keepdims=True)
        scores -= np.log(np.exp(scores).sum(1, keepdims=True))
        found.append((truth * (np.log(truth) - scores)).sum(1))
    return np.concatenate(found)


def matched_gaussian(name: Name) -> Callable[[Array, Array], Array]:
    """log density of the Gaussian that has p(y|x)'s mean and variance: the best a Gaussian can."""

    def log_model(x: Array, y: Array) -> Array:
        truth = true_density(name, x, y)
        truth /= truth.sum(1, keepdims=True)
        mean = (truth * y).sum(1, keepdims=True)
        variance = (truth * (y - mean) ** 2).sum(1, keepdims=True)
        return np.asarray(-0.5 * (y - mean) ** 2 / variance - 0.5 * np.log(variance))

    return log_model


def entropy(name: Name) -> float:
    """Mean over x of the entropy of p(y|x) in nats: the floor of the mean NLL."""
    y = grid()
    width = (HIGH - LOW) / (POINTS - 1)
    truth = true_density(name, grid(), y) + TINY
    truth /= truth.sum(1, keepdims=True)
    return float(-(truth * (np.log(truth) - np.log(width))).sum(1).mean())
