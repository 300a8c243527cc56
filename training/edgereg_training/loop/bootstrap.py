"""Bootstrap confidence intervals of a mean over test examples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Figure:
    """One measured figure with its 95 % interval [low, high].

    name: as in the metrics of `model.json`, e.g. 'mae_full'; note: what it is, for people.
    """

    name: str
    value: float
    low: float
    high: float
    unit: str = ""
    note: str = ""


def mean_figure(
    name: str,
    values: npt.NDArray[np.floating],
    unit: str = "",
    note: str = "",
    resamples: int = 2000,
) -> Figure:
    """The mean of `values` [N] and its percentile bootstrap interval."""
    values = np.asarray(values, np.float64)

    def mean(chosen: npt.NDArray[np.int64]) -> float:
        return float(values[chosen].mean())

    return figure(name, len(values), mean, unit, resamples, note)


def figure(
    name: str,
    count: int,
    statistic: Callable[[npt.NDArray[np.int64]], float],
    unit: str = "",
    resamples: int = 2000,
    note: str = "",
    seed: int = 0,
) -> Figure:
    """A statistic of N examples, given by their indices, and its percentile bootstrap interval.

    The same seed and count resample alike, so that the difference of two figures on the same
    examples is paired. Raises ValueError where there are no examples.
    """
    if count < 1:
        raise ValueError(f"{name}: there are no examples to measure on")
    rng = np.random.default_rng(seed)
    drawn = [statistic(rng.integers(0, count, count)) for _ in range(resamples)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Figure(name, statistic(np.arange(count)), float(low), float(high), unit, note)
