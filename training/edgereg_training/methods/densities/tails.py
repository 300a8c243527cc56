"""The ends of a central interval."""

from __future__ import annotations


def tails(level: float) -> tuple[float, float]:
    """Probabilities below the ends of the central interval of `level`."""
    if not 0 < level < 1:
        raise ValueError(f"an interval holds a share between 0 and 1, got {level}")
    return (1 - level) / 2, (1 + level) / 2
