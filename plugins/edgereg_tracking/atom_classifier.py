"""ATOM's online classifier as a least-squares problem (numpy only).

Scores s = w2 * (w1 x): features x [C, H, W] of M samples, w1 a 1x1 convolution to c channels, w2 a
single k x k one, even k padded by k/2 so that scores are [H+1, W+1]. Its residuals are
sqrt(weight_j) (MLU(s_j) - label_j), with those of the regularisers, sqrt(.1) w2 and sqrt(1e-4) w1
("ATOM: Accurate Tracking by Overlap Maximization", CVPR 2019). MLU is for training only.

    problem = FilterProblem(projected, labels, weights, kernel=4)         # w2 alone, each 10 frames
    w2 = minimise(problem.linearise, w2, rounds=1, steps=5).values
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgereg_tracking.gauss_newton import Array, Linearised

# Below 0 the MLU falls no further than this.
MLU_FLOOR = 0.05
FILTER_WEIGHT = 0.1
PROJECTION_WEIGHT = 1e-4


@dataclass(frozen=True)
class FilterProblem:
    """The filter w2 [c k k] given projected features w1 x.

    projected: [M, c, H, W]; labels: [M, H', W'] with H' = H + 1 - k % 2; weights gamma: [M].
    """

    projected: Array
    labels: Array
    weights: Array
    kernel: int = 4

    def __post_init__(self) -> None:
        _check(self.projected, self.labels, self.weights, self.kernel)

    def linearise(self, filters: Array) -> Linearised:
        """See `gauss_newton.minimise`."""
        shape = (self.projected.shape[1], self.kernel, self.kernel)
        scores = correlate(self.projected, filters.reshape(shape))
        value, gain = mlu(scores)
        root = np.sqrt(self.weights)[:, None, None]
        slope, decay = root * gain, float(np.sqrt(FILTER_WEIGHT))

        def forward(change: Array) -> Array:
            moved = slope * correlate(self.projected, change.reshape(shape))
            return np.concatenate([moved.ravel(), decay * change])

        def backward(residual: Array) -> Array:
            pulled, rest = np.split(residual, [scores.size])
            maps = slope * pulled.reshape(scores.shape)
            pulled_back = filter_gradient(self.projected, maps, self.kernel).ravel()
            gradient: Array = pulled_back + decay * rest
            return gradient

        errors = (root * (value - self.labels)).ravel()
        residual = np.concatenate([errors, decay * filters])
        return Linearised(residual, forward, backward, FILTER_WEIGHT)


@dataclass(frozen=True)
class JointProblem:
    """w1 and w2 together, [c C + c k k]: the first frame's optimisation.

    features: [M, C, H, W]; labels, weights, kernel: see `FilterProblem`; channels: c.
    """

    features: Array
    labels: Array
    weights: Array
    channels: int = 64
    kernel: int = 4

    def __post_init__(self) -> None:
        _check(self.features, self.labels, self.weights, self.kernel)

    def split(self, values: Array) -> tuple[Array, Array]:
        """w1 [c, C] and w2 [c, k, k]."""
        first, second = np.split(values, [self.channels * self.features.shape[1]])
        return first.reshape(self.channels, -1), second.reshape(-1, self.kernel, self.kernel)

    def linearise(self, values: Array) -> Linearised:
        """See `gauss_newton.minimise`."""
        projection, filters = self.split(values)
        projected = project(self.features, projection)
        inner = FilterProblem(projected, self.labels, self.weights, self.kernel)
        near = inner.linearise(filters.ravel())
        scores = self.labels.size
        gain = mlu(correlate(projected, filters))[1] * np.sqrt(self.weights)[:, None, None]
        decay = float(np.sqrt(PROJECTION_WEIGHT))

        def forward(change: Array) -> Array:
            first, second = self.split(change)
            moved = near.forward(second.ravel())
            moved[:scores] += (gain * correlate(project(self.features, first), filters)).ravel()
            return np.concatenate([moved, decay * first.ravel()])

        def backward(residual: Array) -> Array:
            inside, rest = np.split(residual, [scores + filters.size])
            maps = gain * inside[:scores].reshape(self.labels.shape)
            spread = spread_back(maps, filters, projected.shape[2:])
            first = np.einsum("mchw,mdhw->cd", spread, self.features, optimize=True)
            return np.concatenate([first.ravel() + decay * rest, near.backward(inside)])

        residual = np.concatenate([near.residual, decay * projection.ravel()])
        parts = (projection.size, PROJECTION_WEIGHT), (filters.size, FILTER_WEIGHT)
        diagonal = np.concatenate([np.full(size, weight) for size, weight in parts])
        return Linearised(residual, forward, backward, diagonal)


def mlu(scores: Array) -> tuple[Array, Array]:
    """x, or .05 (e^(x/.05) - 1) for x < 0, and its derivative."""
    below = np.exp(np.minimum(scores, 0) / MLU_FLOOR)
    return np.where(scores < 0, MLU_FLOOR * (below - 1), scores), below


def project(features: Array, projection: Array) -> Array:
    """w1 x: features [M, C, H, W], projection [c, C] -> [M, c, H, W]."""
    projected: Array = np.einsum("cd,mdhw->mchw", projection, features, optimize=True)
    return projected


def correlate(maps: Array, filters: Array) -> Array:
    """w2 * maps: [M, c, H, W], [c, k, k] -> [M, H', W']: one product, then shifted sums."""
    kernel = filters.shape[-1]
    taps = np.einsum("cij,mchw->ijmhw", filters, maps, optimize=True)
    count, _, height, width = maps.shape
    pad, even = kernel // 2, 1 - kernel % 2
    whole = np.zeros((count, height + 2 * pad, width + 2 * pad), taps.dtype)
    for i in range(kernel):
        for j in range(kernel):
            top, left = 2 * pad - i, 2 * pad - j
            whole[:, top : top + height, left : left + width] += taps[i, j]
    return whole[:, pad : pad + height + even, pad : pad + width + even]


def filter_gradient(maps: Array, scores: Array, kernel: int) -> Array:
    """The transpose of `correlate` in its filters: maps [M, c, H, W], scores -> [c, k, k]."""
    shifted = _shifts(scores, maps.shape[2:], kernel)
    gradient: Array = np.einsum("ijmhw,mchw->cij", shifted, maps, optimize=True)
    return gradient


def spread_back(scores: Array, filters: Array, size: tuple[int, ...]) -> Array:
    """The transpose of `correlate` in its maps: scores, filters [c, k, k] -> [M, c, H, W]."""
    shifted = _shifts(scores, size, filters.shape[-1])
    spread: Array = np.einsum("cij,ijmhw->mchw", filters, shifted, optimize=True)
    return spread


def _shifts(scores: Array, size: tuple[int, ...], kernel: int) -> Array:
    """For each tap (i, j) the scores that a cell of the maps adds to: [k, k, M, H, W]."""
    height, width = size
    pad = kernel // 2
    padded = np.pad(scores, ((0, 0), (kernel, kernel), (kernel, kernel)))
    rows = [slice(kernel + pad - i, kernel + pad - i + height) for i in range(kernel)]
    columns = [slice(kernel + pad - j, kernel + pad - j + width) for j in range(kernel)]
    return np.stack([np.stack([padded[:, r, c] for c in columns]) for r in rows])


def _check(maps: Array, labels: Array, weights: Array, kernel: int) -> None:
    even = 1 - kernel % 2
    wanted = (maps.shape[0], maps.shape[2] + even, maps.shape[3] + even)
    if labels.shape != wanted or weights.shape != wanted[:1]:
        raise ValueError(
            f"features {maps.shape} take labels {wanted} and weights {wanted[:1]}, "
            f"not {labels.shape} and {weights.shape}"
        )
