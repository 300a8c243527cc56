"""Bootstrap confidence intervals of a mean over test examples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Figure:
    """One measured figure with its 95 % interval [low, high]; `unit` may be empty."""

    name: str
    value: float
    low: float
    high: float
    unit: str = ""


def mean_figure(
    name: str, values: npt.NDArray[np.floating], unit: str = "", resamples: int = 2000
) -> Figure:
    """The mean of `values` [N] and its percentile bootstrap interval."""
    values = np.asarray(values, np.float64)
    return figure(name, len(values), lambda chosen: float(values[chosen].mean()), unit, resamples)


def figure(
    name: str,
    count: int,
    statistic: Callable[[npt.NDArray[np.int64]], float],
    unit: str = "",
    resamples: int = 2000,
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
    return Figure(name, statistic(np.arange(count)), float(low), float(high), unit)
