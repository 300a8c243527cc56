"""Gradients of every trainer's loss over a batch, and the model's log density on a grid."""

from __future__ import annotations

import numba as nb
import numpy as np

from edgereg.core.arrays import FloatArray
from edgereg_training.reproduce.ebm.toy import jets, tangents
from edgereg_training.reproduce.ebm.toy.jets import HIDDEN

LEFT_OUT = np.float32(1e30)
"""A log q that takes a point out of the sum over samples."""


@nb.njit(cache=True, fastmath=True, error_model="numpy")
def softmax_less(f, log_q, share, out):  # type: ignore[no-untyped-def]
    """softmax(f - log q) - share into out [P]: d/df of logsumexp(f - log q) - sum(share f)."""
    top = np.float32(-1e30)
    for m in range(f.shape[0]):
        top = max(top, f[m] - log_q[m])
    total = np.float32(0)
    for m in range(f.shape[0]):
        out[m] = np.exp(f[m] - log_q[m] - top)
        total += out[m]
    for m in range(f.shape[0]):
        out[m] = out[m] / total - share[m]


@nb.njit(cache=True, fastmath=True, error_model="numpy")
def contrast_gradient(theta, x, y, log_q, share, normalise):  # type: ignore[no-untyped-def]
    """d/d theta of mean_i [logsumexp_m(f_im - log_q_im) - sum_m share_m f_im].

    The first term only with `normalise`. x [B], y and log_q [B, P], share [P].
    """
    points = y.shape[1]
    gradient = np.zeros_like(theta)
    parts, grads = jets.views(theta), jets.views(gradient)
    acts = np.empty((jets.ACTIVATIONS, HIDDEN, points), np.float32)
    work = np.empty((3, HIDDEN, points), np.float32)
    f, g = np.empty(points, np.float32), np.empty(points, np.float32)
    hidden, g_image = np.empty((2, HIDDEN), np.float32), np.empty(HIDDEN, np.float32)
    for i in range(x.shape[0]):
        image = jets.features(parts, x[i], hidden)
        jets.target_features(parts, y[i], acts[0])
        jets.forward(parts, image, acts, f)
        if normalise:
            softmax_less(f, log_q[i], share, g)
        else:
            g[:] = -share
        jets.backward(parts, grads, y[i], acts, g, work, g_image)
        jets.features_backward(parts, grads, x[i], hidden, g_image)
    return gradient / np.float32(x.shape[0])


@nb.njit(cache=True, fastmath=True, error_model="numpy")
def denoising_gradient(theta, x, y, wanted):  # type: ignore[no-untyped-def]
    """d/d theta of mean_im (df/dy(x_i, y_im) - wanted_m)^2: x [B], y [B, P], wanted [P]."""
    points = y.shape[1]
    gradient = np.zeros_like(theta)
    parts, grads = jets.views(theta), jets.views(gradient)
    acts = np.empty((jets.ACTIVATIONS, HIDDEN, points), np.float32)
    rates = np.empty((jets.ACTIVATIONS, HIDDEN, points), np.float32)
    inner = np.empty((3, HIDDEN, points), np.float32)
    work = np.empty((5, HIDDEN, points), np.float32)
    f, slope = np.empty(points, np.float32), np.empty(points, np.float32)
    hidden, g_image = np.empty((2, HIDDEN), np.float32), np.empty(HIDDEN, np.float32)
    scale = np.float32(2.0 / (points * x.shape[0]))
    for i in range(x.shape[0]):
        image = jets.features(parts, x[i], hidden)
        jets.target_features(parts, y[i], acts[0])
        jets.forward(parts, image, acts, f)
        tangents.slopes(parts, acts, rates, inner, slope)
        g = scale * (slope - wanted)
        tangents.slopes_backward(parts, grads, y[i], acts, rates, inner, g, work, g_image)
        jets.features_backward(parts, grads, x[i], hidden, g_image)
    return gradient


@nb.njit(cache=True, fastmath=True, error_model="numpy")
def langevin(theta, x, y, noise, step):  # type: ignore[no-untyped-def]
    """Moves y [B, P] in place: y += step^2 / 2 df/dy + step noise, for noise [L, B, P]."""
    points = y.shape[1]
    parts = jets.views(theta)
    acts = np.empty((jets.ACTIVATIONS, HIDDEN, points), np.float32)
    rates = np.empty((jets.ACTIVATIONS, HIDDEN, points), np.float32)
    inner = np.empty((3, HIDDEN, points), np.float32)
    f, slope = np.empty(points, np.float32), np.empty(points, np.float32)
    hidden = np.empty((2, HIDDEN), np.float32)
    half = np.float32(0.5) * step * step
    for i in range(x.shape[0]):
        image = jets.features(parts, x[i], hidden)
        for k in range(noise.shape[0]):
            jets.target_features(parts, y[i], acts[0])
            jets.forward(parts, image, acts, f)
            tangents.slopes(parts, acts, rates, inner, slope)
            for m in range(points):
                y[i, m] += half * slope[m] + step * noise[k, i, m]


@nb.njit(cache=True, fastmath=True, error_model="numpy")
def _energies(theta, x, y, out):  # type: ignore[no-untyped-def]
    parts = jets.views(theta)
    acts = np.empty((jets.ACTIVATIONS, HIDDEN, y.shape[0]), np.float32)
    hidden = np.empty((2, HIDDEN), np.float32)
    jets.target_features(parts, y, acts[0])
    for i in range(x.shape[0]):
        jets.forward(parts, jets.features(parts, x[i], hidden), acts, out[i])


def energies(theta: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """f of x [N] at the same y [M] for all: float32 [N, M]."""
    out = np.empty((len(x), len(y)), np.float32)
    _energies(theta, x.astype(np.float32), y.astype(np.float32), out)
    return out
