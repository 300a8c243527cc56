"""How probable it is that a value lies in a range, by its predicted density."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edgereg.core.predictions import NORMAL_90


def within(
    value: float,
    interval: Sequence[float] | None,
    low: float,
    high: float,
    *,
    period: float | None = None,
) -> float:
    """The probability, in [0, 1], that the truth lies between `low` and `high`.

    The density is taken as two halves of normal distributions that meet in the value, each as wide
    as the end of `interval`, the density's central 90 %, says: median and interval are then the
    density's own. Where the value lies outside of its interval, they meet in its middle. Without an
    interval the value is taken as certain. period: of an angle, whose range is also seen from one
    turn further on either side.
    """
    shifts = (0.0,) if period is None else (-period, 0.0, period)
    if interval is None:
        return float(any(low <= value + shift <= high for shift in shifts))
    bottom, top = float(interval[0]), float(interval[1])
    middle = value if bottom <= value <= top else (bottom + top) / 2
    found = sum(
        _below(high - shift, middle, bottom, top) - _below(low - shift, middle, bottom, top)
        for shift in shifts
    )
    return min(1.0, max(0.0, found))


def _below(limit: float, middle: float, bottom: float, top: float) -> float:
    """The share of the density below a limit."""
    width = (top - middle if limit > middle else middle - bottom) / NORMAL_90
    if math.isinf(limit) or width == 0:
        return float(limit >= middle) if limit != middle else 0.5
    return 0.5 * (1 + math.erf((limit - middle) / (width * math.sqrt(2))))
