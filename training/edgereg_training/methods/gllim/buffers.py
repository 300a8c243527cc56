"""A fitted GLLiM as the arrays of fixed shape that a network keeps and a graph computes with.

K components, L targets, D features; a component that EM dropped keeps its place with no weight.

    log_weights [K], centres [K, L], target_whitener [K, L, L], slopes [K, D, L], offsets [K, D]:
        p(t) and the mean of x given t; target_whitener (t - centre) is standard normal
    precision [K, 1], [K, D] or [K, D, D]: turns x - E[x|t] into standard normals
    noise [K]: the mean variance of a feature given t
    origin [D], inverse_maps [D, K (1 + 2 L)], inverse_shifts [K (1 + 2 L)]: x - origin to, for each
        k, the linear part of its log-weight, gain_k^T (x - c*_k), and the mean A*_k x + b*_k
    cholesky [K, L, L]: factor of the covariance of t given x and k
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgereg_training.methods.gllim.fit import FittedGLLiM
from edgereg_training.methods.gllim.inverse import Inverse
from edgereg_training.methods.gllim.parameters import Array, Covariance, Floats

Buffers = dict[str, npt.NDArray[np.float32]]
# Finite, so that no product with it is NaN; its exponential is 0.
NO_WEIGHT = -1e9


def empty_buffers(components: int, targets: int, features: int, covariance: Covariance) -> Buffers:
    """Before any fit: x says nothing, and t is normal with deviation 1/2 around 0."""
    K, L, D = components, targets, features
    eye = np.broadcast_to(np.eye(L), (K, L, L))
    precision = {"full": np.broadcast_to(np.eye(D), (K, D, D)), "diagonal": np.ones((K, D))}
    arrays: dict[str, Array] = {
        "log_weights": np.full(K, -np.log(K)),
        "centres": np.zeros((K, L)),
        "target_whitener": 2 * eye,
        "slopes": np.zeros((K, D, L)),
        "offsets": np.zeros((K, D)),
        "precision": precision.get(covariance, np.ones((K, 1))),
        "noise": np.ones(K),
        "origin": np.zeros(D),
        "inverse_maps": np.zeros((D, K * (1 + 2 * L))),
        "inverse_shifts": np.zeros(K * (1 + 2 * L)),
        "cholesky": eye / 2,
    }
    return {name: values.astype(np.float32) for name, values in arrays.items()}


def buffers_of(fitted: FittedGLLiM, components: int) -> Buffers:
    """The buffers of a fitted model with at most `components` components."""
    p, inverse = fitted.parameters, fitted.inverse
    origin = p.weights @ inverse.centres
    maps, shifts = stacked_maps(inverse, origin)
    precision = inverse.precision
    noise = np.diagonal(p.noise, axis1=1, axis2=2) if p.noise.ndim == 3 else p.noise
    arrays = {
        "log_weights": _padded(np.log(p.weights), components, NO_WEIGHT),
        "centres": _padded(p.centres, components),
        "target_whitener": _padded(np.linalg.inv(np.linalg.cholesky(p.spreads)), components),
        "slopes": _padded(p.slopes, components),
        "offsets": _padded(p.offsets, components),
        "precision": _padded(precision[:, None] if precision.ndim == 1 else precision, components),
        "noise": _padded(noise.reshape(len(noise), -1).mean(1), components),
        "origin": origin,
        "inverse_maps": _padded(maps, components).transpose(2, 0, 1).reshape(len(origin), -1),
        "inverse_shifts": _padded(shifts, components).reshape(-1),
        "cholesky": _padded(np.linalg.cholesky(inverse.covariances), components),
    }
    width = shifts.shape[1]
    arrays["inverse_shifts"][len(shifts) * width :: width] = NO_WEIGHT
    return {name: np.ascontiguousarray(values, np.float32) for name, values in arrays.items()}


def stacked_maps(inverse: Inverse, origin: Array) -> tuple[Array, Array]:
    """inverse_maps as [K, 1 + 2 L, D], inverse_shifts as [K, 1 + 2 L]."""
    maps, shifts = [], []
    for k, centre in enumerate(inverse.centres):
        precision, gain = inverse.precision[k], inverse.gain[k]
        offset = centre - origin
        white = precision @ offset if precision.ndim == 2 else precision * offset
        pulled = precision.T @ white if precision.ndim == 2 else precision * white
        constant = inverse.log_weights[k] - 0.5 * white @ white
        maps.append(np.concatenate([pulled[None], gain.T, inverse.slopes[k]]))
        mean = inverse.slopes[k] @ origin + inverse.offsets[k]
        shifts.append(np.concatenate([[constant], -gain.T @ offset, mean]))
    stacked = np.stack(shifts)
    # Only differences between components count, and they survive float32 best near 0.
    stacked[:, 0] -= stacked[:, 0].max()
    return np.stack(maps), stacked


def _padded(values: Floats, components: int, filling: float | None = None) -> Floats:
    """values [k, ...] with copies of the last (or `filling`) up to [components, ...]."""
    missing = components - len(values)
    extra = np.repeat(values[-1:], missing, axis=0)
    return np.concatenate([values, extra if filling is None else np.full_like(extra, filling)])
