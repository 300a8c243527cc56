"""Gaussian locally-linear mapping: regression of low-dimensional targets by inverse regression.

"Deep Mixture of Linear Inverse Regressions Applied to Head-Pose Estimation" (CVPR 2017). The
features x of an example are modelled given its targets t by K affine maps with Gaussian noise,
the targets by K normals; EM fits both in closed form, and Bayes' rule turns them into p(t | x).

    fitted = GLLiM(components=5, covariance="equal").fit(targets, features)
    fitted.predict(features)         # E[t | x]: float64 [N, L]
    fitted.density(features)         # the mixture: weights, means and covariances
    fitted.log_likelihood            # of every EM iterate
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy.special import softmax

from edgereg_training.loop.errors import TrainingError
from edgereg_training.methods.gllim import em
from edgereg_training.methods.gllim.inverse import Inverse, Mixture, invert
from edgereg_training.methods.gllim.parameters import (
    Array,
    Coordinates,
    Covariance,
    Floats,
    Parameters,
)
from edgereg_training.methods.gllim.start import JOINT, TARGETS, mixture_posteriors

Start = Literal["targets", "joint"]

# The smallest variance of a feature given t, as a share of the features' mean variance.
NOISE_FLOOR = 1e-8
BLOCK_ROWS = 1024
# A deviation smaller than this share of the numbers themselves is that of a constant.
ROUNDING = 1e-12


@dataclass(frozen=True)
class GLLiM:
    """How to fit; `fit` does it.

    components: K, of which those that end without examples are dropped. covariance, of x given t
    and k: 'full', 'diagonal', 'isotropic', or 'equal' (isotropic, shared by all k; the paper's
    choice). start: posteriors of a Gaussian mixture of the 'targets' (paper), or of targets and
    features 'joint'ly (the authors' code). EM ends after `iterations` passes, or when the
    log-likelihood's gain is at most `tolerance` of its range so far. seed: of K-means.
    """

    components: int
    covariance: Covariance = "equal"
    start: Start = "targets"
    iterations: int = 100
    tolerance: float = 1e-3
    seed: int = 0

    def __post_init__(self) -> None:
        if self.components < 1:
            raise ValueError(f"GLLiM needs at least 1 component, not {self.components}")
        if self.covariance not in get_args(Covariance):
            known = ", ".join(get_args(Covariance))
            raise ValueError(f"unknown covariance {self.covariance!r}: choose one of {known}")
        if self.start not in get_args(Start):
            raise ValueError(f"unknown start {self.start!r}: choose 'targets' or 'joint'")
        if self.iterations < 1:
            raise ValueError(f"EM needs at least 1 iteration, not {self.iterations}")

    def fit(
        self,
        targets: Floats,
        features: Floats,
        weights: Floats | None = None,
        posteriors: Floats | None = None,
    ) -> FittedGLLiM:
        """Fit to targets [N, L] and features [N, D].

        weights [N] >= 0: how much each example counts. posteriors [N, K]: where EM begins instead
        of `start`. Raises ValueError for shapes that don't fit, TrainingError for data that can't
        be fitted: not finite, fewer examples than components or than L + 2, constant features.
        """
        weights = np.ones(len(targets)) if weights is None else weights
        check(targets, features, weights, self.components)
        if posteriors is not None and (posteriors.ndim != 2 or len(posteriors) != len(targets)):
            raise ValueError(f"GLLiM: posteriors must be [{len(targets)}, K]")
        used = weights > 0
        if not used.all():
            targets, features, weights = targets[used], features[used], weights[used]
            posteriors = None if posteriors is None else posteriors[used]
        coordinates, examples = prepare(targets, features, weights)
        if posteriors is None:
            posteriors = self._start(examples)
        start = self._maximised(examples, np.asarray(posteriors, np.float64))
        inside, trace = em.run(examples, start, self.covariance, self.iterations, self.tolerance)
        scale = len(targets) * float(np.log(coordinates.scale).sum())
        parameters = coordinates.units(inside)
        return FittedGLLiM(parameters, invert(parameters), tuple(one - scale for one in trace))

    def _start(self, examples: em.Examples) -> Array:
        points: Floats = examples.design[:, :-1]
        settings = TARGETS
        if self.start == "joint":
            spread = np.maximum(examples.features.std(0), np.sqrt(examples.noise_floor))
            scaled = (examples.features - examples.features.mean(0)) / spread
            points, settings = np.concatenate([points, scaled], axis=1), JOINT
        return mixture_posteriors(points, examples.weights, self.components, settings, self.seed)

    def _maximised(self, examples: em.Examples, posteriors: Array) -> Parameters:
        """The M-step at given posteriors, of which components without examples are left out."""
        counts = examples.weights @ posteriors
        kept = counts >= min(examples.design.shape[1] + 1, counts.max())
        chosen = posteriors[:, kept]
        chosen = chosen / np.maximum(chosen.sum(1, keepdims=True), 1e-300)
        moments, _ = em.collect(examples, self.covariance, em.frozen(chosen), chosen.shape[1])
        return em.maximise(moments, self.covariance, examples.noise_floor)


@dataclass(frozen=True)
class FittedGLLiM:
    """A fitted model. log_likelihood: of each EM iterate on the training examples (weights scaled
    to mean 1); the last is that of `parameters`."""

    parameters: Parameters
    inverse: Inverse
    log_likelihood: tuple[float, ...]

    def predict(self, features: Floats) -> Array:
        """E[t | x] of features [N, D]: [N, L]."""
        return self.density(features).mean()

    def density(self, features: Floats) -> Mixture:
        """p(t | x) of features [N, D]."""
        size = self.parameters.offsets.shape[1]
        if features.ndim != 2 or features.shape[1] != size:
            raise ValueError(f"features must be [N, {size}], not {list(features.shape)}")
        return self.inverse(features)

    def posteriors(self, targets: Floats, features: Floats | None = None) -> Array:
        """p(k | t, x), or p(k | t) without features: [N, K]."""
        design = _design(np.asarray(targets, np.float64))
        if features is None:
            score = em.gaussian_scorer(self.parameters.centres, self.parameters.spreads)
            scores = np.log(self.parameters.weights) + score(design)
        else:
            scores = em.scorer(self.parameters)(design, np.asarray(features, np.float64))
        shares: Array = softmax(scores, axis=1)
        return shares


def prepare(targets: Floats, features: Floats, weights: Floats) -> tuple[Coordinates, em.Examples]:
    """Standardised targets, and features less their linear regression on all examples."""
    shares = weights / weights.sum()
    mean = shares @ targets
    scale = np.sqrt(shares @ (targets - mean) ** 2)
    scale = np.where(scale > ROUNDING * np.abs(mean), scale, 1.0)
    design = _design((targets - mean) / scale)
    variance = _mean_variance(features, shares)
    if not variance > (ROUNDING * np.abs(features).max()) ** 2:
        raise TrainingError("GLLiM: the features are the same for every example")
    moments = (design * shares[:, None]).T @ design
    cross = (design * shares[:, None]).T @ features
    regression = np.linalg.pinv(moments, rcond=1e-10, hermitian=True) @ cross
    coordinates = Coordinates(mean, scale, regression)
    per_example = shares * len(targets)
    floor = NOISE_FLOOR * variance
    return coordinates, em.Examples(design, features, per_example, regression, floor)


def _mean_variance(features: Floats, shares: Array) -> float:
    mean, total = shares @ features, 0.0
    for start in range(0, len(features), BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        total += float((shares[rows] @ (features[rows] - mean) ** 2).mean())
    return total


def _design(targets: Array) -> Array:
    return np.concatenate([targets, np.ones((len(targets), 1))], axis=1)


def check(targets: Floats, features: Floats, weights: Floats, components: int) -> None:
    """Refuse what EM can't be run on."""
    if targets.ndim != 2 or features.ndim != 2 or weights.ndim != 1:
        raise ValueError("GLLiM takes targets [N, L], features [N, D] and weights [N]")
    if not len(targets) == len(features) == len(weights):
        sizes = f"{len(targets)} targets, {len(features)} features, {len(weights)} weights"
        raise ValueError(f"GLLiM: one each for every example, not {sizes}")
    for name, values in (("targets", targets), ("features", features), ("weights", weights)):
        if not np.isfinite(values).all():
            raise TrainingError(f"GLLiM: the {name} hold a value that is not finite")
    if (weights < 0).any():
        raise TrainingError("GLLiM: a weight is negative")
    count = int((weights > 0).sum())
    wanted = max(components, targets.shape[1] + 2)
    if count < wanted:
        raise TrainingError(
            f"GLLiM: {count} examples can't fit {components} components of {targets.shape[1]} "
            f"targets: it takes at least {wanted}, or fewer components"
        )
