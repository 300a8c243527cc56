"""The compiled loops behind `network`: one epoch of the small network of the 1-D study.

Written out for one core: float32, the batch along the last axis so that loops vectorise, and the
softmax fused with its gradient in slices that stay in the cache, because at 1,024 classes the
logits are nearly all of the work.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

# float32, or integers where they are labels or scratch.
Array: TypeAlias = NDArray[Any]

HIDDEN = 6
FEATURES = 15
# Logits that are computed together: as many as stay in the cache.
LOGITS = 32_768
# Offsets of the parts in the vector of the regression network's parameters.
W1, B1, W2, B2, W3, B3, SIZE = 0, 6, 12, 102, 117, 132, 133

# In float32, so that the compiled loops stay in it.
ZERO, HALF, ONE = np.float32(0), np.float32(0.5), np.float32(1)
RISE, RISE_OF_SQUARES, EPSILON = np.float32(0.1), np.float32(0.001), np.float32(1e-8)
LOWEST, LOG2E = np.float32(-80), np.float32(1.4426950408889634)
# ln 2 in two parts, the first exact in few bits.
LN2_HIGH, LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
THIRD_ORDER, FOURTH_ORDER = np.float32(1 / 6), np.float32(1 / 24)
FIFTH_ORDER, SIXTH_ORDER = np.float32(1 / 120), np.float32(1 / 720)


@njit(cache=True, fastmath=True)
def train_epoch(
    body: Array,
    head: Array,
    moments: tuple[Array, ...],
    x: Array,
    y: Array,
    labels: Array,
    batch: int,
    done: int,
    settings: tuple[float, float, float],
) -> None:
    """One pass over x in batches; `done` steps went before; settings: rate, decay, weight."""
    classes = head.shape[1]
    body_gradient = np.zeros_like(body)
    head_gradient = np.zeros_like(head)
    h1 = np.zeros((HIDDEN, batch), np.float32)
    # One more row, of ones: the head's biases are its last row of weights.
    h2 = np.ones((FEATURES + 1, batch), np.float32)
    d2 = np.zeros((FEATURES + 1, batch), np.float32)
    d1 = np.zeros((HIDDEN, batch), np.float32)
    error = np.zeros(batch, np.float32)
    logits = np.zeros((batch, classes), np.float32)
    rate, decay, weight = settings
    for step in range(len(x) // batch):
        part = slice(step * batch, (step + 1) * batch)
        inputs, targets, seen = x[part], y[part], labels[part]
        forward(body, inputs, h1, h2)
        errors(body, h2, targets, weight, error)
        if classes > 0:
            class_gradients(head, h2, seen, logits, head_gradient, d2)
        backward(body, inputs, h1, h2, error, d1, d2, body_gradient)
        time = done + step + 1
        _adam(body, body_gradient, moments[0], moments[1], rate, decay, time)
        if classes > 0:
            first, second = moments[2].reshape(-1), moments[3].reshape(-1)
            _adam(head.reshape(-1), head_gradient.reshape(-1), first, second, rate, decay, time)


@njit(cache=True, fastmath=True)
def forward(body: Array, x: Array, h1: Array, h2: Array) -> None:
    """Fill h1 [6, B] and the first 15 rows of h2 [16, B]."""
    for i in range(HIDDEN):
        for b in range(len(x)):
            h1[i, b] = max(body[W1 + i] * x[b] + body[B1 + i], ZERO)
    for k in range(FEATURES):
        row = h2[k]
        row[:] = body[B2 + k]
        for i in range(HIDDEN):
            w = body[W2 + k * HIDDEN + i]
            for b in range(len(x)):
                row[b] += w * h1[i, b]
        for b in range(len(x)):
            row[b] = max(row[b], ZERO)


@njit(cache=True, fastmath=True)
def errors(body: Array, h2: Array, targets: Array, weight: float, error: Array) -> None:
    """The derivative of weight * MSE by each output."""
    error[:] = body[B3]
    for k in range(FEATURES):
        w = body[W3 + k]
        for b in range(len(error)):
            error[b] += w * h2[k, b]
    scale = np.float32(2 * weight / len(error))
    for b in range(len(error)):
        error[b] = scale * (error[b] - targets[b])


@njit(cache=True, fastmath=True)
def class_gradients(
    head: Array,
    h2: Array,
    labels: Array,
    logits: Array,
    gradient: Array,
    d2: Array,
) -> None:
    """Gradients of the mean cross-entropy: of the head, and of the features into d2 [16, B].

    In slices of the batch that stay in the cache. `logits` [B, C] is scratch.
    """
    counted = 0
    for b in range(len(labels)):
        counted += labels[b] >= 0
    gradient[:] = ZERO
    scratch = np.zeros(head.shape[1], np.int32)
    size = max(LOGITS // head.shape[1], 1)
    for start in range(0, len(labels), size):
        part = slice(start, min(start + size, len(labels)))
        features, rows, seen = np.ascontiguousarray(h2[:, part]), logits[part], labels[part]
        np.dot(features.T, head, rows)
        for b in range(len(rows)):
            if seen[b] >= 0:
                softmax_gradient(rows[b], seen[b], counted, scratch)
            else:
                rows[b, :] = ZERO
        gradient += np.dot(features, rows)
        d2[:, part] = np.dot(head, rows.T)


@njit(cache=True, fastmath=True)
def softmax_gradient(row: Array, label: int, counted: int, scratch: Array) -> None:
    """Replace logits [C] by (softmax - one-hot) / counted. scratch: int32 [C]."""
    top = largest(row, scratch.view(np.float32))
    total = exponentials(row, top, scratch)
    scale = np.float32(1.0 / (total * counted))
    for j in range(len(row)):
        row[j] *= scale
    row[label] -= np.float32(1.0 / counted)


@njit(cache=True, fastmath=True)
def largest(row: Array, scratch: Array) -> Any:
    """The maximum by halving, which vectorises; a running maximum does not."""
    count = len(row)
    scratch[:] = row
    while count > 1:
        half = (count + 1) // 2
        for j in range(count - half):
            scratch[j] = max(scratch[j], scratch[j + half])
        count = half
    return scratch[0]


@njit(cache=True, fastmath=True)
def exponentials(row: Array, top: float, bits: Array) -> Any:
    """Replace row by exp(row - top), top its maximum; returns their sum.

    A Taylor polynomial on [-ln2/2, ln2/2] times 2^k, whose bits are written as integers: relative
    error 1e-6, in a form that the compiler vectorises, which it does not with the library's.
    """
    for j in range(len(row)):
        v = max(row[j] - top, LOWEST)
        k = np.floor(v * LOG2E + HALF)
        f = v - k * LN2_HIGH - k * LN2_LOW
        p = SIXTH_ORDER * f + FIFTH_ORDER
        p = (p * f + FOURTH_ORDER) * f + THIRD_ORDER
        row[j] = ((p * f + HALF) * f + ONE) * f + ONE
        bits[j] = (np.int32(k) + np.int32(127)) << np.int32(23)
    powers = bits.view(np.float32)
    total = ZERO
    for j in range(len(row)):
        row[j] *= powers[j]
        total += row[j]
    return total


@njit(cache=True, fastmath=True)
def backward(
    body: Array,
    x: Array,
    h1: Array,
    h2: Array,
    error: Array,
    d1: Array,
    d2: Array,
    gradient: Array,
) -> None:
    """Gradients of `body`. d2 [16, B] holds what the classes add; left at zero for the next."""
    d1[:] = ZERO
    gradient[B3] = error.sum()
    for k in range(FEATURES):
        row, feature, w = d2[k], h2[k], body[W3 + k]
        gradient[W3 + k] = _product(error, feature)
        for b in range(len(x)):
            row[b] = row[b] + w * error[b] if feature[b] > ZERO else ZERO
        gradient[B2 + k] = row.sum()
        for i in range(HIDDEN):
            w2 = body[W2 + k * HIDDEN + i]
            gradient[W2 + k * HIDDEN + i] = _product(row, h1[i])
            for b in range(len(x)):
                d1[i, b] += w2 * row[b]
        row[:] = ZERO
    for i in range(HIDDEN):
        for b in range(len(x)):
            d1[i, b] = d1[i, b] if h1[i, b] > ZERO else ZERO
        gradient[B1 + i] = d1[i].sum()
        gradient[W1 + i] = _product(d1[i], x)


@njit(cache=True, fastmath=True)
def _product(left: Array, right: Array) -> Any:
    total = ZERO
    for b in range(len(left)):
        total += left[b] * right[b]
    return total


@njit(cache=True, fastmath=True)
def _adam(
    parameters: Array,
    gradient: Array,
    first: Array,
    second: Array,
    rate: float,
    decay: float,
    time: int,
) -> None:
    """One step of Adam (0.9, 0.999, eps 1e-8), the decay added to the gradient."""
    size = np.float32(rate / (1 - 0.9**time))
    spread = np.float32(1 / np.sqrt(1 - 0.999**time))
    pull = np.float32(decay)
    for i in range(len(parameters)):
        g = gradient[i] + pull * parameters[i]
        first[i] += (g - first[i]) * RISE
        second[i] += (g * g - second[i]) * RISE_OF_SQUARES
        parameters[i] -= size * first[i] / (np.sqrt(second[i]) * spread + EPSILON)
