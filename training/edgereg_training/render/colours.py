"""Colours of things around people."""

from __future__ import annotations

import numpy as np

Colour = tuple[float, float, float]


def tint(rng: np.random.Generator, spread: float = 0.08) -> Colour:
    """A muted colour, sRGB in [0,1]: mostly greys and beiges."""
    return _muted(rng, rng.uniform(0.08, 0.95), spread)


def wall_tint(rng: np.random.Generator) -> Colour:
    """A wall's colour, sRGB in [0,1]: mostly pale."""
    return _muted(rng, 1 - 0.85 * rng.random() ** 1.7, 0.06)


def _muted(rng: np.random.Generator, grey: float, spread: float) -> Colour:
    # Warm to cold, as walls under lamps are; greenish and purplish ones are rare.
    warm = rng.normal(0, spread)
    colour = grey * (1 + np.array([warm, 0, -warm]) + rng.normal(0, 0.3 * spread, 3))
    if rng.random() < 0.15:
        colour = colour * rng.uniform(0.5, 1.15, 3)
    r, g, b = (float(x) for x in np.clip(colour, 0.02, 1))
    return r, g, b
