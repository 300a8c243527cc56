"""The inverse of a fitted GLLiM: p(t | x), a mixture of K normals of the targets.

With P = Sigma^-1 A and the posterior covariance S* = (Gamma^-1 + A^T P)^-1, Woodbury's identity
gives every quantity of the D x D covariance Gamma* = Sigma + A Gamma A^T without forming it:

    d^T Gamma*^-1 d = d^T Sigma^-1 d - d^T P S* P^T d
    log|Gamma*|     = log|Sigma| + log|I + Gamma A^T P|
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve
from scipy.special import softmax

from edgereg_training.methods.gllim.parameters import Array, Floats, Parameters

ROWS = 1024


@dataclass(frozen=True)
class Mixture:
    """p(t | x) of N features: weights [N, K], means [N, K, L], covariances [K, L, L] (the same
    for every x)."""

    weights: Array
    means: Array
    covariances: Array

    def mean(self) -> Array:
        """E[t | x]: [N, L]."""
        expected: Array = np.einsum("nk,nkl->nl", self.weights, self.means)
        return expected


@dataclass(frozen=True)
class Inverse:
    """The maps of x to the mixture p(t | x); D features, L targets, K components.

    centres c* [K, D]: means of x; slopes A* [K, L, D], offsets b* [K, L] and covariances S*
    [K, L, L] of t given x. log-weight of k at d = x - c*_k, up to a constant:
    log_weights_k - 0.5 (|precision_k d|^2 - |gain_k^T d|^2), gain [K, D, L]; precision, a
    factor of Sigma^-1: [K] or [K, D] for variances, [K, D, D] for full covariances.
    """

    log_weights: Array
    centres: Array
    slopes: Array
    offsets: Array
    covariances: Array
    gain: Array
    precision: Array

    def __call__(self, features: Floats) -> Mixture:
        """x [N, D] -> p(t | x)."""
        parts = [self._block(features[i : i + ROWS]) for i in range(0, len(features), ROWS)]
        weights, means = zip(*parts, strict=True)
        return Mixture(np.concatenate(weights), np.concatenate(means), self.covariances)

    def _block(self, features: Floats) -> tuple[Array, Array]:
        count = len(self.centres)
        logits = np.empty((len(features), count))
        means = np.empty((len(features), count, self.offsets.shape[1]))
        for k in range(count):
            error = features - self.centres[k]
            precision = self.precision[k]
            white = error @ precision.T if precision.ndim == 2 else error * precision
            explained = error @ self.gain[k]
            distance = np.einsum("nd,nd->n", white, white)
            distance -= np.einsum("nl,nl->n", explained, explained)
            logits[:, k] = self.log_weights[k] - 0.5 * distance
            means[:, k] = features @ self.slopes[k].T + self.offsets[k]
        return softmax(logits, axis=1), means


def invert(parameters: Parameters) -> Inverse:
    """The inverse map of a GLLiM (paper Eq. 5 to 7)."""
    parts = [invert_one(parameters, k) for k in range(len(parameters.weights))]
    return Inverse(*(np.stack(values) for values in zip(*parts, strict=True)))


def invert_one(parameters: Parameters, k: int) -> tuple[Array, ...]:
    """The inverse map of one component."""
    slope, offset = parameters.slopes[k], parameters.offsets[k]
    centre, spread = parameters.centres[k], parameters.spreads[k]
    precision, projected, log_noise = solve_noise(parameters.noise[k], slope)
    information = slope.T @ projected
    spread_inverse = np.linalg.inv(spread)
    covariance = np.linalg.inv(spread_inverse + information)
    covariance = (covariance + covariance.T) / 2
    _, log_gain = np.linalg.slogdet(np.eye(len(spread)) + spread @ information)
    inverse_slope = covariance @ projected.T
    inverse_offset = covariance @ (spread_inverse @ centre) - inverse_slope @ offset
    log_weight = np.log(parameters.weights[k]) - 0.5 * (log_noise + log_gain)
    gain = projected @ np.linalg.cholesky(covariance)
    return (
        np.asarray(log_weight),
        slope @ centre + offset,
        inverse_slope,
        inverse_offset,
        covariance,
        gain,
        precision,
    )


def solve_noise(noise: Array, slope: Array) -> tuple[Array, Array, Array]:
    """A factor of Sigma^-1, Sigma^-1 A, log|Sigma|."""
    if noise.ndim == 2:
        factor = np.linalg.cholesky(noise)
        solved = cho_solve((factor, True), slope)
        return np.linalg.inv(factor), solved, 2 * np.log(np.diagonal(factor)).sum()
    columns = noise if noise.ndim == 0 else noise[:, None]
    times = len(slope) if noise.ndim == 0 else 1
    return 1 / np.sqrt(noise), slope / columns, times * np.log(noise).sum()
