"""Training the tiny energy by each of the papers' methods (authors' protocol).

Offsets of the importance samples are shared by the examples of a batch, as in the authors' code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field

from edgereg.core.arrays import FloatArray
from edgereg_training.loop.recipe import Strict
from edgereg_training.reproduce.ebm.toy import steps
from edgereg_training.reproduce.ebm.toy.densities import Name, draw
from edgereg_training.reproduce.ebm.toy.network import ToyEnergy, flatten, score_gradient

Array = npt.NDArray[np.float64]
Trainer = Literal["ml-is", "nce", "nce+", "kldis", "mcmc", "dsm", "sm"]
Gradient = Callable[[FloatArray, FloatArray, FloatArray], FloatArray]
"""(theta, x [B], y [B]) -> d loss / d theta."""


class Protocol(Strict):
    """One training of one model. Defaults: the authors', with the proposal of ml-is.

    sigmas: of the proposal; jitter: nce+'s beta; kernel: standard deviation of kldis' p; langevin,
    step: number and length of mcmc's steps; chains: a target's Markov chains, or noisy
    targets of dsm (256 are as good as the authors' 1024 at a quarter of the time); noise: dsm's
    sigma.
    """

    trainer: Trainer = "ml-is"
    problem: Name = "bimodal"
    epochs: int = Field(default=75, ge=1)
    batch: int = Field(default=32, ge=1)
    examples: int = Field(default=2000, ge=1)
    rate: float = Field(default=1e-3, gt=0)
    samples: int = Field(default=1024, ge=1)
    sigmas: tuple[float, ...] = (0.2, 1.6)
    jitter: float = 0.025
    kernel: float = 0.025
    langevin: int = 16
    step: float = 0.05
    chains: int = 128
    noise: float = 0.2


def fit(protocol: Protocol, seed: int) -> FloatArray:
    """A trained network's parameters. seed: of its initial weights, batches and samples.

    The data are the same for every seed. Raises FloatingPointError where training diverges.
    """
    x, y = (values.astype(np.float32) for values in draw(protocol.problem, protocol.examples, 0))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        theta = flatten(ToyEnergy())
    rng = np.random.default_rng([seed, 1])
    gradient = gradient_of(protocol, rng)
    first, second = np.zeros_like(theta), np.zeros_like(theta)
    for count, rows in enumerate(_batches(protocol, rng), start=1):
        g = gradient(theta, x[rows], y[rows])
        first = 0.9 * first + 0.1 * g
        second = 0.999 * second + 0.001 * g * g
        root = np.sqrt(second / (1 - 0.999**count)) + 1e-8
        theta = (theta - protocol.rate * (first / (1 - 0.9**count)) / root).astype(np.float32)
    if not np.isfinite(theta).all():
        raise FloatingPointError(f"training by {protocol.trainer} with seed {seed} diverged")
    return theta


def _batches(protocol: Protocol, rng: np.random.Generator) -> Iterator[npt.NDArray[np.int64]]:
    for _ in range(protocol.epochs):
        order = rng.permutation(protocol.examples)
        yield from np.split(order, range(protocol.batch, len(order), protocol.batch))


def gradient_of(protocol: Protocol, rng: np.random.Generator) -> Gradient:
    """The trainer's stochastic gradient, with random numbers from rng."""
    if protocol.trainer == "mcmc":
        return langevin_gradient(protocol, rng)
    if protocol.trainer == "dsm":
        return denoising_gradient(protocol, rng)
    if protocol.trainer == "sm":
        return score_gradient
    return contrast_gradient(protocol, rng)


def contrast_gradient(protocol: Protocol, rng: np.random.Generator) -> Gradient:
    """The gradient of nce and nce+."""
    trainer, sigmas, samples = protocol.trainer, np.array(protocol.sigmas), protocol.samples

    def offsets(count: int) -> Array:
        return np.asarray(rng.standard_normal(count) * rng.choice(sigmas, count))

    def gradient(theta: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
        drawn = np.concatenate([[0.0], offsets(samples)])
        points = np.tile(drawn, (len(y), 1))
        log_q = np.tile(log_proposal(drawn, sigmas), (len(y), 1))
        share = np.zeros(samples + 1)
        if trainer == "kldis":
            share[1:] = np.exp(log_proposal(drawn[1:], [protocol.kernel]) - log_q[0, 1:]) / samples
        else:
            share[0] = 1
        if trainer == "nce+":
            points[:, 0] = protocol.jitter * offsets(len(y))
            log_q[:, 0] = log_proposal(points[:, 0], sigmas)
        if trainer in ("ml-is", "kldis"):
            log_q[:, 0] = steps.LEFT_OUT
        points += y[:, None]
        return _contrast(theta, x, points, log_q, share)

    return gradient


def _contrast(
    theta: FloatArray, x: FloatArray, points: Array, log_q: Array | None, share: Array
) -> FloatArray:
    """steps.contrast_gradient in float32; without the sum over samples where log_q is None."""
    narrow = points.astype(np.float32)
    densities = narrow if log_q is None else log_q.astype(np.float32)
    found: FloatArray = steps.contrast_gradient(
        theta, x, narrow, densities, share.astype(np.float32), log_q is not None
    )
    return found


def log_proposal(offsets: Array, sigmas: npt.ArrayLike) -> Array:
    """log of the equal mixture of N(0, sigma^2) at offsets."""
    s = np.asarray(sigmas)
    each = -0.5 * (offsets[..., None] / s) ** 2 - np.log(s) - 0.5 * np.log(2 * np.pi)
    return np.asarray(np.logaddexp.reduce(each, axis=-1) - np.log(len(s)))


def langevin_gradient(protocol: Protocol, rng: np.random.Generator) -> Gradient:
    """The gradient of mcmc."""
    chains = protocol.chains
    share = np.concatenate([[1.0], np.full(chains, -1 / chains)])

    def gradient(theta: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
        ends = np.tile(y[:, None], (1, chains))
        noise = rng.standard_normal((protocol.langevin, len(y), chains), dtype=np.float32)
        steps.langevin(theta, x, ends, noise, np.float32(protocol.step))
        points = np.concatenate([y[:, None], ends], axis=1).astype(np.float64)
        return _contrast(theta, x, points, None, share)

    return gradient


def denoising_gradient(protocol: Protocol, rng: np.random.Generator) -> Gradient:
    """The gradient of dsm."""

    def gradient(theta: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
        offsets = protocol.noise * rng.standard_normal(protocol.chains).astype(np.float32)
        wanted = -offsets / np.float32(protocol.noise**2)
        found: FloatArray = steps.denoising_gradient(theta, x, y[:, None] + offsets, wanted)
        return found

    return gradient
