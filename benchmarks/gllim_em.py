"""EM of GLLiM at the size of the paper's features: seconds and memory, against a plain form.

    OMP_NUM_THREADS=1 python benchmarks/gllim_em.py [--examples N] [--features D] [--components K]

Both forms make the same iterations from the same start. The plain one holds the differences of all
examples to each component's prediction in turn and all posteriors; it is written straight from the
formulas. Fails where their log-likelihoods differ by more than 1e-9 of themselves.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from multiprocessing import get_context
from typing import Any

import numpy as np
from edgereg_training.methods.gllim.fit import GLLiM
from edgereg_training.methods.gllim.parameters import Array
from scipy.special import logsumexp

TARGETS = 3
ITERATIONS = 3


def main() -> None:
    """Print seconds an iteration and memory of both forms, and the time of a whole fit."""
    parser = argparse.ArgumentParser(description="EM of GLLiM: seconds and memory.")
    parser.add_argument("--examples", type=int, default=10_000)
    parser.add_argument("--features", type=int, default=512)
    parser.add_argument("--components", type=int, default=50)
    options = parser.parse_args()
    size = (options.examples, options.features, options.components)
    likelihoods = []
    for name, run in (("blocked", blocked), ("plain", plain)):
        # Each in a process of its own, whose memory is then that of this form alone.
        with get_context("spawn").Pool(1) as pool:
            likelihood, seconds, peak, data = pool.apply(measured, (run, size))
        likelihoods.append(likelihood)
        print(f"{name}: {seconds:.3f} s an iteration, {peak - data:.0f} MiB above {data:.0f}")
    assert abs(likelihoods[0] / likelihoods[1] - 1) < 1e-9, likelihoods
    with get_context("spawn").Pool(1) as pool:
        iterations, seconds = pool.apply(whole_fit, (size,))
    print(f"whole fit with its start: {seconds:.1f} s, {iterations} iterations")


def measured(run: Callable[..., Any], size: tuple[int, int, int]) -> tuple[float, ...]:
    """Log-likelihood, seconds an iteration, peak memory and that before, in MiB."""
    targets, features, posteriors = problem(*size)
    before = memory()
    began = time.perf_counter()
    likelihood = run(targets, features, posteriors)
    seconds = (time.perf_counter() - began) / ITERATIONS
    return likelihood, seconds, memory(), before


def whole_fit(size: tuple[int, int, int]) -> tuple[int, float]:
    """Iterations and seconds of a fit with default settings."""
    targets, features, _ = problem(*size)
    began = time.perf_counter()
    fitted = GLLiM(size[2]).fit(targets, features)
    return len(fitted.log_likelihood), time.perf_counter() - began


def problem(examples: int, features: int, components: int) -> tuple[Array, Array, Array]:
    """Targets, features that bend with them, and posteriors to begin with."""
    rng = np.random.default_rng(0)
    t = rng.normal(size=(examples, TARGETS))
    basis = np.concatenate([t, np.sin(2 * t), t**2], axis=1)
    x = basis @ rng.normal(size=(3 * TARGETS, features)) + rng.normal(size=(examples, features))
    return t, x, rng.dirichlet(np.ones(components), examples)


def memory() -> float:
    """Largest memory of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def blocked(t: Array, x: Array, posteriors: Array) -> float:
    """The library's."""
    model = GLLiM(posteriors.shape[1], iterations=ITERATIONS, tolerance=-np.inf)
    return model.fit(t, x, posteriors=posteriors).log_likelihood[-1]


def plain(t: Array, x: Array, posteriors: Array) -> float:
    """The formulas with one equal isotropic variance; ITERATIONS of M-step and E-step."""
    total = np.zeros(1)
    for _ in range(ITERATIONS):
        scores, errors, variance = [], [], 0.0
        for r in posteriors.T:
            share = r / r.sum()
            centre, mean = share @ t, share @ x
            spread = (t - centre).T @ (share[:, None] * (t - centre))
            cross = (share[:, None] * (x - mean)).T @ (t - centre)
            slope = cross @ np.linalg.inv(spread)
            error = ((x - t @ slope.T - (mean - slope @ centre)) ** 2).sum(1)
            variance += float(r @ error) / x.size
            white = (t - centre) @ np.linalg.inv(np.linalg.cholesky(spread)).T
            log_volume = np.linalg.slogdet(2 * np.pi * spread)[1]
            scores.append(np.log(r.mean()) - 0.5 * ((white**2).sum(1) + log_volume))
            errors.append(error)
        noise = x.shape[1] * np.log(2 * np.pi * variance)
        joint = np.stack(scores, axis=1) - 0.5 * (np.stack(errors, axis=1) / variance + noise)
        total = logsumexp(joint, axis=1)
        posteriors = np.exp(joint - total[:, None])
    return float(total.sum())


if __name__ == "__main__":
    main()
