"""Where EM begins: posteriors of a Gaussian mixture, itself begun by K-means.

The paper fits the mixture to the targets; its code fits a diagonal one to [targets, features].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.cluster.vq import kmeans2
from scipy.special import logsumexp

from edgereg_training.methods.gllim.em import gaussian_scorer
from edgereg_training.methods.gllim.parameters import Array, Floats

LOG_2PI = float(np.log(2 * np.pi))


@dataclass(frozen=True)
class MixtureStart:
    """full: covariances with all their terms; floor: added to each variance, of points with
    variance about 1; restarts: the most likely of so many is taken."""

    full: bool
    floor: float
    restarts: int
    iterations: int = 30


TARGETS = MixtureStart(full=True, floor=1e-6, restarts=3)
JOINT = MixtureStart(full=False, floor=1e-3, restarts=3)


def mixture_posteriors(
    points: Floats,
    weights: Array,
    components: int,
    settings: MixtureStart,
    seed: int,
) -> Array:
    """Posteriors [N, K] of a mixture fitted to points [N, P] with weights [N].

    Components that K-means or EM leaves without points are kept with posteriors near 0.
    """
    if components == 1:
        return np.ones((len(points), 1))
    rng = np.random.default_rng(seed)
    best, best_likelihood = np.empty(0), -np.inf
    for _ in range(settings.restarts):
        posteriors, likelihood = fit(points, weights, components, settings, rng)
        if likelihood > best_likelihood:
            best, best_likelihood = posteriors, likelihood
    return best


def fit(
    points: Floats,
    weights: Array,
    components: int,
    settings: MixtureStart,
    rng: np.random.Generator,
) -> tuple[Array, float]:
    """A mixture of Gaussians by EM."""
    start = points[spread_out(points, components, rng)].astype(np.float64)
    _, labels = kmeans2(points.astype(np.float64), start, minit="matrix", missing="warn")
    posteriors = np.zeros((len(points), components))
    posteriors[np.arange(len(points)), labels] = 1
    likelihood = -np.inf
    for _ in range(settings.iterations):
        joint = log_joint(points, posteriors * weights[:, None], settings)
        total = logsumexp(joint, axis=1)
        posteriors = np.exp(joint - total[:, None])
        previous, likelihood = likelihood, float(weights @ total)
        if likelihood - previous < 1e-3 * len(points):
            break
    return posteriors, likelihood


def spread_out(points: Floats, count: int, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """K-means++: each next centre in proportion to its squared distance to the nearest one."""
    chosen = [int(rng.integers(len(points)))]
    nearest = np.full(len(points), np.inf)
    for _ in range(count - 1):
        distance = ((points - points[chosen[-1]]) ** 2).sum(1, dtype=np.float64)
        nearest = np.minimum(nearest, distance)
        total = nearest.sum()
        share = nearest / total if total > 0 else np.full(len(points), 1 / len(points))
        chosen.append(int(rng.choice(len(points), p=share)))
    return np.array(chosen)


def log_joint(points: Floats, posteriors: Array, settings: MixtureStart) -> Array:
    """M-step from posteriors [N, K], then log weight_k N(point; k): [N, K]."""
    counts = posteriors.sum(0) + 1e-10
    means = posteriors.T @ points / counts[:, None]
    log_weights = np.log(counts / counts.sum())
    if settings.full:
        full: Array = log_weights + _full(points, posteriors / counts, means, settings.floor)
        return full
    variances = posteriors.T @ points**2 / counts[:, None] - means**2
    variances = np.maximum(variances, 0) + settings.floor
    distance = points**2 @ (1 / variances).T - 2 * points @ (means / variances).T
    distance += (means**2 / variances).sum(1)
    constant = np.log(variances).sum(1) + points.shape[1] * LOG_2PI
    joint: Array = log_weights - 0.5 * (distance + constant)
    return joint


def _full(points: Floats, shares: Array, means: Array, floor: float) -> Array:
    """shares [N, K]: posteriors that sum to 1 over N. log N(point; k): [N, K]."""
    size = points.shape[1]
    products = (points[:, :, None] * points[:, None]).reshape(len(points), -1)
    moments = (shares.T @ products).reshape(-1, size, size)
    spreads = moments - means[:, :, None] * means[:, None]
    # Rounding can leave a component of one point below 0 by less than the floor.
    spreads = spreads + floor * np.eye(size)
    design = np.concatenate([points, np.ones((len(points), 1))], axis=1)
    return gaussian_scorer(means, spreads)(design)
