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
# DeepGLLiM (CVPR 2017), section 5: pitch within 60, yaw within 75, roll within 20 degrees, and the
# centres of S2G at pitch 35, yaw 60 and at their negatives. The Gaussians' widths are not printed;
# these are one multiple of the limits each, such that a fifth of uniform poses is kept, as the
# paper's counts say (20,000 of 100,000).
GLLIM_LIMITS = (75.0, 60.0, 20.0)
S2G_CENTRES = ((60.0, 35.0, 0.0), (-60.0, -35.0, 0.0))
S2G_DEVIATION = (34.2, 27.4, 9.1)
SSV_DEVIATION = (110.0, 88.0, 29.4)


def uniform(rng: np.random.Generator, n: int) -> Array:
    """Independent and uniform: yaw +-75, pitch +-60, roll +-50."""
    return rng.uniform(-1, 1, (n, 3)) * UNIFORM_LIMITS


def uniform_wide(rng: np.random.Generator, n: int) -> Array:
    """As `uniform`, with yaw over +-90: full profiles."""
    return rng.uniform(-1, 1, (n, 3)) * (90.0, *UNIFORM_LIMITS[1:])


def biwi(rng: np.random.Generator, n: int) -> Array:
    """Normal with deviations 32, 20, 11 degrees, redrawn outside of +-75, +-60, +-50."""
    return truncated(rng, n, np.zeros((1, 3)), BIWI_DEVIATION)


def s2g(rng: np.random.Generator, n: int) -> Array:
    """DeepGLLiM's S2G: uniform poses, selected to follow two Gaussians."""
    return _selected(rng, n, s2g_share)


def s2g_share(poses: Array) -> Array:
    """Of the uniform poses [n, 3] like these that S2G keeps: [n]."""
    bells = [_bell(poses - centre, S2G_DEVIATION) for centre in S2G_CENTRES]
    return np.asarray(np.minimum(np.sum(bells, axis=0), 1))


def ssv(rng: np.random.Generator, n: int) -> Array:
    """DeepGLLiM's SSV: uniform poses, of which frontal ones are removed and side views stay."""
    return _selected(rng, n, ssv_share)


def ssv_share(poses: Array) -> Array:
    """Of the uniform poses [n, 3] like these that SSV keeps: [n]."""
    return 1 - _bell(poses, SSV_DEVIATION)


def _bell(offset: Array, deviation: tuple[float, float, float]) -> Array:
    """exp(-d^2 / 2) of offsets [n, 3] in deviations: [n]."""
    return np.asarray(np.exp(-0.5 * np.square(offset / deviation).sum(1)))


def _selected(rng: np.random.Generator, n: int, share: Callable[[Array], Array]) -> Array:
    """Uniform poses within GLLIM_LIMITS, each kept with the probability `share` of it."""
    kept = np.empty((0, 3))
    while len(kept) < n:
        poses = rng.uniform(-1, 1, (4 * n, 3)) * GLLIM_LIMITS
        kept = np.concatenate([kept, poses[rng.random(len(poses)) < share(poses)]])
    return kept[:n]


def truncated(
    rng: np.random.Generator, n: int, centres: Array, deviation: tuple[float, float, float]
) -> Array:
    """Normal numbers within limits."""
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
