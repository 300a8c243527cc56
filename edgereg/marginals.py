"""Marginals of a density over a few targets that is known only by what a graph says at points.

Slices through one point are marginals only where the density is a product over the targets; of head
poses, whose angles depend on each other, slices are narrower than what is left of the truth. Here
points are drawn about the answer, weighted by exp f / q, and drawn again with the moments that were
found (see `edgereg_training.methods.ebm.importance`, which the `interval` of a model is made by).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import FloatArray

Array = npt.NDArray[np.float64]
# Points [P, D] in the targets' units -> log-densities [P], up to a constant.
LogDensity = Callable[[Array], Array]

MOST_TARGETS = 8
SAMPLES, ROUNDS = 700, 4
# The first proposals: as wide as the answer says, and three times as wide.
WIDTHS = (1.0, 3.0)
SLACK = 1.2
# Samples that share the largest weight when moments are taken.
ELITE = 12
PAIRS = 12
# Of the log-density: what its parts may differ from their sum by for it to be a product.
UNEQUAL = 2e-3
# The kernel that smooths: as far as it counts, and steps of the grid, in its widths.
KERNEL_REACH, KERNEL_STEPS, MOST_STEPS = 5.0, 12, 1 << 15


def is_product(log_density: LogDensity, centre: Array, spread: Array) -> bool:
    """Whether the density is one factor for each target about `centre` [D], as far as `spread` [D]:
    f(a) + f(b) stays the same where two points exchange a coordinate."""
    rng = np.random.default_rng(1)
    size = len(centre)
    a, b = centre + spread * rng.uniform(-1.5, 1.5, (2, PAIRS, size))
    swapped_a, swapped_b = np.repeat(a[None], size, 0), np.repeat(b[None], size, 0)
    for d in range(size):
        swapped_a[d, :, d], swapped_b[d, :, d] = b[:, d], a[:, d]
    points = np.concatenate([a, b, swapped_a.reshape(-1, size), swapped_b.reshape(-1, size)])
    f = log_density(points)
    together = f[:PAIRS] + f[PAIRS : 2 * PAIRS]
    apart = f[2 * PAIRS :].reshape(2, size, PAIRS).sum(0)
    # What is not finite anywhere (beyond the levels of a code, say) tells nothing.
    known = np.isfinite(apart).all(0) & np.isfinite(together)
    change = np.abs(apart[:, known] - together[known])
    return bool((change <= UNEQUAL * (1 + np.abs(together[known]))).all())


def marginals(
    log_density: LogDensity,
    centre: Array,
    spread: Array,
    axes: Sequence[FloatArray],
    samples: int = SAMPLES,
) -> list[Array] | None:
    """The density of each target at the points of its axis: a list of [G], integrating to 1 over
    all values, smoothed by a fifth of a deviation; None where it is finite nowhere.

    centre, spread: [D], where to begin; they need not be right. samples: points of each round.
    """
    proposals = [(centre, np.diag(spread) * width) for width in WIDTHS]
    normals = _normals(len(WIDTHS) + ROUNDS - 1, samples, len(centre))
    points = np.concatenate(
        [_drawn(*p, normal) for p, normal in zip(proposals, normals, strict=False)]
    )
    f = log_density(points)
    for normal in normals[len(WIDTHS) :]:
        if not np.isfinite(f).any():
            return None
        proposals.append(_moments(points, _log_weights(f, points, proposals)))
        new = _drawn(*proposals[-1], normal)
        points, f = np.concatenate([points, new]), np.concatenate([f, log_density(new)])
    weights = _softmax(_log_weights(f, points, proposals))
    return [_smoothed(points[:, d], weights, axis) for d, axis in enumerate(axes)]


@lru_cache(maxsize=8)
def _normals(rounds: int, samples: int, size: int) -> Array:
    """The same numbers for every prediction, so that a still picture has still curves."""
    return np.random.default_rng(0).standard_normal((rounds, samples, size))


def _drawn(mean: Array, factor: Array, normal: Array) -> Array:
    found: Array = mean + normal @ factor.T
    return found


def _log_weights(f: Array, points: Array, proposals: Sequence[tuple[Array, Array]]) -> Array:
    """f minus the log of the proposals' mean density."""
    logs = np.empty((len(proposals), len(points)))
    for log, (mean, factor) in zip(logs, proposals, strict=True):
        white = (points - mean) @ np.linalg.inv(factor).T
        log[:] = -0.5 * np.einsum("sd,sd->s", white, white) - np.log(np.diag(factor)).sum()
    highest = logs.max(axis=0)
    together = highest + np.log(np.exp(logs - highest).sum(axis=0))
    found: Array = np.where(np.isfinite(f), f, -np.inf) - together
    return found


def _moments(points: Array, log_weights: Array) -> tuple[Array, Array]:
    """Mean and factor of the covariance, in which no weight counts for more than the ELITE-th."""
    limit = np.partition(log_weights, -ELITE)[-ELITE]
    weights = _softmax(np.minimum(log_weights, limit) if np.isfinite(limit) else log_weights)
    mean = weights @ points
    centred = points - mean
    covariance = (weights[:, None] * centred).T @ centred
    floor = 1e-6 * np.var(points, axis=0) + 1e-12
    factor = np.asarray(SLACK * np.linalg.cholesky(covariance + np.diag(floor)), np.float64)
    return mean, factor


def _softmax(log_weights: Array) -> Array:
    weights: Array = np.exp(log_weights - log_weights.max())
    weights /= weights.sum()
    return weights


def _smoothed(values: Array, weights: Array, axis: FloatArray) -> Array:
    """Kernel density estimate at the axis [G] of weighted values [S].

    The weights are shared out to the two neighbours on a fine grid, which is smoothed as a whole:
    a kernel for each value at each place would be millions.
    """
    mean = weights @ values
    deviation = float(np.sqrt(weights @ np.square(values - mean)))
    counting = 1 / np.square(weights).sum()
    width = max(0.9 * deviation * counting**-0.2, 1e-9)
    reach = KERNEL_REACH * width
    seen = (values > axis[0] - reach) & (values < axis[-1] + reach)
    if not seen.any():
        return np.zeros(len(axis))
    values, weights = values[seen], weights[seen]
    low, high = values.min() - reach, values.max() + reach
    step = max(width / KERNEL_STEPS, (high - low) / MOST_STEPS)
    places = (values - low) / step
    left = places.astype(np.intp)
    share = places - left
    size = int((high - low) / step) + 2
    grid = np.bincount(left, weights * (1 - share), size)
    grid += np.bincount(left + 1, weights * share, size)
    half = int(reach / step)
    kernel = np.exp(-0.5 * np.square(np.arange(-half, half + 1) * step / width))
    smooth = np.convolve(grid, kernel / (width * np.sqrt(2 * np.pi)), mode="same")
    known = low + step * np.arange(size)
    found: Array = np.interp(axis, known, smooth, left=0.0, right=0.0)
    return found
