"""Distributions of head poses: samplers (rng, n) -> float64 [n,3] yaw, pitch, roll in degrees."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgereg_training.render.geometry import Array

Sampler = Callable[[np.random.Generator, int], Array]

UNIFORM_LIMITS = (75.0, 60.0, 50.0)
# Rounded from what is published of BIWI: yaw within 75, pitch within 60, roll within 50 degrees,
# most frames near frontal, yaw by far the widest.
BIWI_DEVIATION = (32.0, 20.0, 11.0)
S2G_CENTRES = ((-30.0, -12.0, -8.0), (30.0, 12.0, 8.0))
S2G_DEVIATION = (16.0, 10.0, 7.0)


def uniform(rng: np.random.Generator, n: int) -> Array:
    """Independent and uniform: yaw +-75, pitch +-60, roll +-50."""
    return rng.uniform(-1, 1, (n, 3)) * UNIFORM_LIMITS


def uniform_wide(rng: np.random.Generator, n: int) -> Array:
    """As `uniform`, with yaw over +-90: full profiles."""
    return rng.uniform(-1, 1, (n, 3)) * (90.0, *UNIFORM_LIMITS[1:])


def biwi(rng: np.random.Generator, n: int) -> Array:
    """Normal with deviations 32, 20, 11 degrees, redrawn outside of +-75, +-60, +-50."""
    return _truncated(rng, n, np.zeros((1, 3)), BIWI_DEVIATION)


def s2g(rng: np.random.Generator, n: int) -> Array:
    """Our reading of the paper's S2G: two normals of equal weight.

    The name is from DeepGLLiM (CVPR 2017); its text was not at hand. Centres at
    -+30, -+12, -+8 degrees, deviations 16, 10, 7, redrawn outside of +-75, +-60, +-50.
    """
    return _truncated(rng, n, np.array(S2G_CENTRES), S2G_DEVIATION)


def ssv(rng: np.random.Generator, n: int) -> Array:
    """Our reading of the paper's SSV: strongly varying poses, heavy at the extremes.

    Each angle is its limit (75, 60, 50 degrees) times a symmetric Beta(0.6, 0.6) draw stretched
    to [-1,1], so that large angles are more frequent than frontal ones.
    """
    return (2 * rng.beta(0.6, 0.6, (n, 3)) - 1) * UNIFORM_LIMITS


def _truncated(
    rng: np.random.Generator, n: int, centres: Array, deviation: tuple[float, float, float]
) -> Array:
    out = np.empty((n, 3))
    todo = np.arange(n)
    while len(todo):
        centre = centres[rng.integers(len(centres), size=len(todo))]
        out[todo] = centre + rng.normal(size=(len(todo), 3)) * deviation
        todo = todo[(np.abs(out[todo]) > UNIFORM_LIMITS).any(1)]
    return out


DISTRIBUTIONS: dict[str, Sampler] = {
    "uniform": uniform,
    "uniform-wide": uniform_wide,
    "biwi": biwi,
    "s2g": s2g,
    "ssv": ssv,
}


def sampler(name: str) -> Sampler:
    """The sampler of a name, in any case; ValueError lists the names."""
    try:
        return DISTRIBUTIONS[name.lower()]
    except KeyError:
        known = ", ".join(DISTRIBUTIONS)
        raise ValueError(f"unknown pose distribution {name!r}: choose one of {known}") from None
