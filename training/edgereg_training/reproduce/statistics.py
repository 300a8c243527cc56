"""Means over seeds with 95 % intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Interval:
    """A mean and the ends of its 95 % interval."""

    mean: float
    low: float
    high: float

    def text(self, digits: int = 2) -> str:
        """'3.21 (3.05 .. 3.37)'."""
        return f"{self.mean:.{digits}f} ({self.low:.{digits}f} .. {self.high:.{digits}f})"

    def below(self, other: Interval) -> bool:
        """Whether all of this interval lies below the other."""
        return self.high < other.low


def over_seeds(values: Sequence[float]) -> Interval:
    """Student's t interval of the mean of independent runs; one run has no interval (NaN)."""
    sample = np.asarray(values, np.float64)
    if not len(sample):
        raise ValueError("no values to average")
    mean = float(sample.mean())
    if len(sample) == 1:
        return Interval(mean, float("nan"), float("nan"))
    half = float(stats.t.ppf(0.975, len(sample) - 1) * sample.std(ddof=1) / np.sqrt(len(sample)))
    return Interval(mean, mean - half, mean + half)


def difference(errors: Sequence[float], others: Sequence[float]) -> Interval:
    """errors - others, seed by seed: a seed stands for the same examples and start in both."""
    return over_seeds([a - b for a, b in zip(errors, others, strict=True)])
