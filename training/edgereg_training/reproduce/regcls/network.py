"""A fast trainer for the small network of the 1-D study, with and without a class head.

The network is 1 -> 6 -> 15 -> 1 with ReLU; the class head is linear on the 15 features. The loss is

    weight * MSE + CE          (CE over the examples whose label is not -1)

under Adam with L2 decay added to the gradient, as `torch.optim.Adam(weight_decay=...)` does it.
It computes in float32 (see `kernel`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgereg_training.reproduce.regcls.kernel import (
    B1,
    B2,
    B3,
    FEATURES,
    HIDDEN,
    SIZE,
    W1,
    W2,
    W3,
    Array,
    train_epoch,
)  # fmt: skip


@dataclass(frozen=True)
class Protocol:
    """How one network is trained; `weight` multiplies the squared error."""

    learning_rate: float
    weight: float = 1.0
    epochs: int = 80
    batch: int = 256
    decay: float = 1e-3


@dataclass(frozen=True)
class Network:
    """body: parameters [133] of the regression network; head: [16, C] of the class head, its last
    row the biases (C = 0 without one)."""

    body: Array
    head: Array


def new_network(classes: int, rng: np.random.Generator) -> Network:
    """Xavier-uniform weights, zero biases."""
    body = np.zeros(SIZE, np.float32)
    for start, end, fans in ((W1, B1, 1 + HIDDEN), (W2, B2, HIDDEN + FEATURES), (W3, B3, 16)):
        bound = np.sqrt(6.0 / fans)
        body[start:end] = rng.uniform(-bound, bound, end - start)
    head = np.zeros((FEATURES + 1, classes), np.float32)
    bound = np.sqrt(6.0 / (FEATURES + classes))
    head[:FEATURES] = rng.uniform(-bound, bound, (FEATURES, classes))
    return Network(body, head)


def train_network(
    network: Network,
    x: Array,
    y: Array,
    labels: Array,
    keep: Array,
    protocol: Protocol,
    rng: np.random.Generator,
) -> None:
    """Train in place; the last epoch counts.

    x, y [n]; labels [n] in 0..C-1 (unused where C = 0); keep [C]: the probability that an example
    of the class counts in the cross-entropy, drawn anew at each visit.
    """
    x, y = x.astype(np.float32), y.astype(np.float32)
    moments = tuple(np.zeros_like(p) for p in (network.body,) * 2 + (network.head,) * 2)
    steps = len(x) // protocol.batch
    thinned = bool(len(keep)) and bool((keep < 1).any())
    for epoch in range(protocol.epochs):
        order = rng.permutation(len(x))[: steps * protocol.batch]
        seen = labels[order]
        if thinned:
            seen = np.where(rng.random(len(seen)) < keep[seen], seen, -1)
        settings = (protocol.learning_rate, protocol.decay, protocol.weight)
        train_epoch(
            network.body, network.head, moments, x[order], y[order], seen,
            protocol.batch, epoch * steps, settings,
        )  # fmt: skip


def predict(network: Network, x: Array) -> NDArray[np.float64]:
    """The regression output of x [n], in float64."""
    body = network.body.astype(np.float64)
    h1 = np.maximum(np.outer(x, body[W1:B1]) + body[B1:W2], 0)
    h2 = np.maximum(h1 @ body[W2:B2].reshape(FEATURES, HIDDEN).T + body[B2:W3], 0)
    result: NDArray[np.float64] = h2 @ body[W3:B3] + body[B3]
    return result


def batch_mean_mse(network: Network, x: Array, y: Array, batch: int = 256) -> float:
    """The unweighted mean over batches of their mean squared errors, the last one shorter."""
    squared = (predict(network, x) - y) ** 2
    means = [squared[start : start + batch].mean() for start in range(0, len(x), batch)]
    return float(np.mean(means))
