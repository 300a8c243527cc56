"""Expectation-maximisation of GLLiM in one blocked pass over the data per iteration.

Per block of examples the E-step is matrix products, and the M-step's moments are summed at once,
so that nothing larger than block x K(L+1) or K x D x (L+1) is ever held (plus K x D x D for full
covariances). "Deep Mixture of Linear Inverse Regressions" (CVPR 2017), section 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import logsumexp

from edgereg_training.methods.gllim.parameters import Array, Covariance, Floats, Parameters

# Elements of a block's largest temporary: 4 MiB of float64 stays in the processor's cache.
BLOCK = 1 << 19
LOG_2PI = float(np.log(2 * np.pi))
# In the coordinates of EM the targets have variance 1: below this a direction has no spread.
SMALLEST_SPREAD = 1e-10

Scorer = Callable[[Array, Array], Array]
# (rows, design, residual) -> posteriors [B, K], sum of weighted log-likelihoods
Responder = Callable[[slice, Array, Array], tuple[Array, float]]


@dataclass(frozen=True)
class Examples:
    """design [u, 1]: [N, L+1]; features x: [N, D], any float type; weights: [N], mean 1;
    regression [L+1, D]: what is subtracted from x; noise_floor: smallest variance of x."""

    design: Array
    features: Floats
    weights: Array
    regression: Array
    noise_floor: float

    def blocks(self, width: int) -> Iterator[tuple[slice, Array, Array]]:
        """(rows, design, residual z) of blocks with at most BLOCK / width examples."""
        count = max(64, BLOCK // max(width, self.features.shape[1]))
        for start in range(0, len(self.design), count):
            rows = slice(start, start + count)
            design = self.design[rows]
            yield rows, design, self.features[rows] - design @ self.regression


@dataclass(frozen=True)
class Moments:
    """Sums over examples, weighted by posteriors: counts [K], design [K, L+1, L+1] of
    [u,1][u,1]^T, cross [K, L+1, D] of [u,1] z^T, squares of z: [K], [K, D] or [K, D, D]."""

    counts: Array
    design: Array
    cross: Array
    squares: Array


def run(
    examples: Examples,
    start: Parameters,
    covariance: Covariance,
    iterations: int,
    tolerance: float,
) -> tuple[Parameters, tuple[float, ...]]:
    """EM from `start`: the parameters, and the log-likelihood of each iterate (the last is theirs).

    Stops where the gain is at most `tolerance` times the range of the log-likelihood so far. A
    component with fewer examples than a regression of its own needs is dropped, and the trace
    begins anew.
    """
    smallest = examples.design.shape[1] + 1
    parameters, trace = start, list[float]()
    while True:
        respond = responder(parameters, examples)
        moments, likelihood = collect(examples, covariance, respond, len(parameters.weights))
        kept = moments.counts >= min(smallest, moments.counts.max())
        if not kept.all():
            parameters = parameters.only(kept)
            trace.clear()
            continue
        trace.append(likelihood)
        if len(trace) >= iterations or _converged(trace, tolerance):
            return parameters, tuple(trace)
        parameters = maximise(moments, covariance, examples.noise_floor)


def collect(
    examples: Examples, covariance: Covariance, respond: Responder, components: int
) -> tuple[Moments, float]:
    """One pass over the data: the M-step's moments and the log-likelihood."""
    sums: list[Array] | None = None
    likelihood = 0.0
    for rows, design, residual in examples.blocks(examples.design.shape[1] * components):
        posteriors, part = respond(rows, design, residual)
        weighted = posteriors * examples.weights[rows, None]
        likelihood += part
        block = block_moments(weighted, design, residual, covariance)
        if sums is None:
            sums = block
        else:
            for total, term in zip(sums, block, strict=True):
                total += term
    assert sums is not None  # noqa: S101 - there is at least one example
    return Moments(*sums), likelihood


def responder(parameters: Parameters, examples: Examples) -> Responder:
    """The E-step under `parameters`."""
    score = scorer(parameters)

    def respond(rows: slice, design: Array, residual: Array) -> tuple[Array, float]:
        joint = score(design, residual)
        total = logsumexp(joint, axis=1)
        joint -= total[:, None]
        return np.exp(joint, out=joint), float(examples.weights[rows] @ total)

    return respond


def frozen(posteriors: Array) -> Responder:
    """An E-step that always answers `posteriors` [N, K]; its log-likelihood is NaN."""
    return lambda rows, design, residual: (posteriors[rows], float("nan"))


def scorer(parameters: Parameters) -> Scorer:
    """(design [B, L+1], residual [B, D]) -> log weights_k p(t, x | k): [B, K]."""
    log_weights = np.log(parameters.weights)
    target = gaussian_scorer(parameters.centres, parameters.spreads)
    feature = (
        full_scorer(parameters)
        if parameters.noise.ndim == 3
        else diagonal_scorer(parameters, 1 / parameters.noise.reshape(len(parameters.noise), -1))
    )
    return lambda design, residual: log_weights + target(design) + feature(design, residual)


def gaussian_scorer(centres: Array, spreads: Array) -> Callable[[Array], Array]:
    """[t, 1] as [B, L+1] -> log N(t; centres_k, spreads_k): [B, K]."""
    factor = np.linalg.cholesky(spreads)
    whitener = np.linalg.inv(factor).transpose(0, 2, 1)
    shift = -np.einsum("kl,klm->km", centres, whitener)
    stacked = np.concatenate([whitener, shift[:, None]], axis=1)  # [K, L+1, L]
    count, rows, size = stacked.shape
    maps = stacked.transpose(1, 0, 2).reshape(rows, count * size)
    log_volume = np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(1)
    constant = -log_volume - size / 2 * LOG_2PI

    def score(design: Array) -> Array:
        white = (design @ maps).reshape(len(design), count, size)
        scores: Array = constant - 0.5 * np.einsum("bkl,bkl->bk", white, white)
        return scores

    return score


def diagonal_scorer(parameters: Parameters, precision: Array) -> Scorer:
    """precision: [K, D], or [K, 1] where it is the same in all directions."""
    forward = parameters.forward
    count, size, rows = forward.shape
    scaled = forward * precision[:, :, None]
    maps = scaled.transpose(1, 0, 2).reshape(size, count * rows)
    curve = np.einsum("kdl,kdm->klm", scaled, forward).reshape(count, rows * rows).T
    log_volume = -0.5 * np.log(precision).sum(1) * (size // precision.shape[1])
    constant = -log_volume - size / 2 * LOG_2PI

    def score(design: Array, residual: Array) -> Array:
        cross = (residual @ maps).reshape(len(design), count, rows)
        distance = _norms(residual, precision)
        distance -= 2 * np.einsum("bkl,bl->bk", cross, design)
        distance += _outer(design) @ curve
        np.maximum(distance, 0, out=distance)
        distance *= -0.5
        distance += constant
        return distance

    return score


def full_scorer(parameters: Parameters) -> Scorer:
    """Scores under full covariances."""
    factors = np.linalg.cholesky(parameters.noise)
    forward = parameters.forward
    size = forward.shape[1]
    log_volume = np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(1)
    constant = -log_volume - size / 2 * LOG_2PI

    def score(design: Array, residual: Array) -> Array:
        out = np.empty((len(design), len(factors)))
        for k, factor in enumerate(factors):
            error = residual - design @ forward[k].T
            white = solve_triangular(factor, error.T, lower=True, check_finite=False)
            out[:, k] = constant[k] - 0.5 * np.einsum("db,db->b", white, white)
        return out

    return score


def maximise(moments: Moments, covariance: Covariance, noise_floor: float) -> Parameters:
    """The M-step: the parameters of largest expected likelihood with no variance below its floor.

    noise_floor: of Sigma; Gamma's is SMALLEST_SPREAD. Singular regressions take the map of
    least norm.
    """
    counts = moments.counts[:, None]
    centres = moments.design[:, -1, :-1] / counts
    means = moments.cross[:, -1] / counts
    spreads = moments.design[:, :-1, :-1] / counts[..., None]
    spreads = spreads - np.einsum("kl,km->klm", centres, centres)
    cross = moments.cross[:, :-1] / counts[..., None] - np.einsum("kl,kd->kld", centres, means)
    slopes = np.einsum("kld,klm->kdm", cross, _pseudo_inverses(spreads))
    offsets = means - np.einsum("kdl,kl->kd", slopes, centres)
    weights = moments.counts / moments.counts.sum()
    noise = _noise(moments, means, slopes, cross, covariance, weights, noise_floor)
    lifted = np.stack([_lifted(spread, SMALLEST_SPREAD) for spread in spreads])
    return Parameters(weights, centres, lifted, slopes, offsets, noise)


def _noise(
    moments: Moments,
    means: Array,
    slopes: Array,
    cross: Array,
    covariance: Covariance,
    weights: Array,
    floor: float,
) -> Array:
    if covariance == "full":
        squares = moments.squares / moments.counts[:, None, None]
        for k, mean in enumerate(means):
            squares[k] -= np.outer(mean, mean)
            squares[k] -= slopes[k] @ cross[k]
        return np.stack([_lifted((one + one.T) / 2, floor) for one in squares])
    if covariance == "diagonal":
        squares = moments.squares / moments.counts[:, None] - means**2
        variances = squares - np.einsum("kdl,kld->kd", slopes, cross)
    else:
        squares = moments.squares / moments.counts - (means**2).sum(1)
        variances = (squares - np.einsum("kdl,kld->k", slopes, cross)) / means.shape[1]
    if covariance == "equal":
        variances = np.full_like(variances, weights @ variances)
    floored: Array = np.maximum(variances, floor)
    return floored


def block_moments(
    weighted: Array, design: Array, residual: Array, covariance: Covariance
) -> list[Array]:
    """Moments of one block of rows."""
    count, rows = weighted.shape[1], design.shape[1]
    spread = (weighted[:, :, None] * design[:, None]).reshape(len(design), count * rows)
    cross = (spread.T @ residual).reshape(count, rows, residual.shape[1])
    moments = (weighted.T @ _outer(design)).reshape(count, rows, rows)
    if covariance == "full":
        squares = np.stack([(residual * one[:, None]).T @ residual for one in weighted.T])
    elif covariance == "diagonal":
        squares = weighted.T @ residual**2
    else:
        squares = weighted.T @ np.einsum("bd,bd->b", residual, residual)
    return [weighted.sum(0), moments, cross, squares]


def _pseudo_inverses(spreads: Array) -> Array:
    values, vectors = np.linalg.eigh(spreads)
    kept = values > SMALLEST_SPREAD
    inverse = np.where(kept, 1 / np.where(kept, values, 1), 0)
    inverses: Array = np.einsum("kij,kj,klj->kil", vectors, inverse, vectors)
    return inverses


def _lifted(matrix: Array, floor: float) -> Array:
    """The matrix with eigenvalues below `floor` raised to it, which keeps EM monotone."""
    try:
        np.linalg.cholesky(matrix - floor * np.eye(len(matrix)))
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(matrix)
        lifted: Array = (vectors * np.maximum(values, floor)) @ vectors.T
        return lifted
    return matrix


def _converged(trace: list[float], tolerance: float) -> bool:
    if len(trace) < 4:
        return False
    return trace[-1] - trace[-2] <= tolerance * (max(trace[:-1]) - min(trace[:-1]))


def _norms(residual: Array, precision: Array) -> Array:
    if precision.shape[1] > 1:
        return residual**2 @ precision.T
    return np.outer(np.einsum("bd,bd->b", residual, residual), precision[:, 0])


def _outer(design: Array) -> Array:
    return (design[:, :, None] * design[:, None]).reshape(len(design), -1)
