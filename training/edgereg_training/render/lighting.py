"""Light: a few lamps and a soft surrounding, drawn to look like rooms, streets and dim evenings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgereg_training.render.geometry import Array


@dataclass(frozen=True, eq=False)
class Light:
    """directions float32 [K,3] unit, towards the lamp, in view space; colours [K,3] linear.

    ambient float32 [3,4]: per channel, the constant and the slopes along x, y and z of the
    normal. The first lamp throws shadows. gloss scales highlights. exposure multiplies the result.
    """

    directions: Array
    colours: Array
    ambient: Array
    gloss: float
    exposure: float


def _warmth(rng: np.random.Generator, spread: float) -> Array:
    """A near-white tint [3]: orange for positive draws, blue for negative, of mean about one."""
    t, green = rng.normal(0, spread), rng.normal(0, 0.02)
    return np.array([1 + t, 1 + green, 1 - t])


def draw_light(rng: np.random.Generator) -> Light:
    """A random light. About half are soft rooms; the rest sun, side, back and dim light."""
    kind = rng.choice(5, p=[0.58, 0.17, 0.1, 0.07, 0.08])
    tint = _warmth(rng, 0.05)
    if kind == 0:
        key = (rng.uniform(0.15, 0.5), rng.normal(0, 0.6), rng.uniform(0.2, 1.2))
        fill = (rng.uniform(0.0, 0.2), rng.normal(0, 1.0), rng.uniform(-0.2, 0.8))
        lamps = _lamps([key, fill])
        level, contrast = rng.uniform(0.5, 0.85), rng.uniform(0.1, 0.45)
    elif kind == 1:
        lamps = _lamps([(rng.uniform(0.6, 1.3), rng.normal(0, 0.9), rng.uniform(0.3, 1.3))])
        level, contrast = rng.uniform(0.22, 0.45), rng.uniform(0.2, 0.5)
        tint = tint * np.array([0.95, 1.0, 1.08])
    elif kind == 2:
        side = rng.choice([-1.0, 1.0]) * rng.uniform(0.9, 1.6)
        lamps = _lamps([(rng.uniform(0.5, 1.2), side, rng.uniform(-0.1, 0.6))])
        level, contrast = rng.uniform(0.15, 0.4), rng.uniform(0.1, 0.4)
    elif kind == 3:
        behind = np.pi + rng.normal(0, 0.6)
        lamps = _lamps([(rng.uniform(0.6, 1.5), behind, rng.uniform(0.1, 0.8))])
        level, contrast = rng.uniform(0.2, 0.45), rng.uniform(0.1, 0.3)
    else:
        lamps = _lamps([(rng.uniform(0.1, 0.4), rng.normal(0, 1.2), rng.normal(0.4, 0.5))])
        level, contrast = rng.uniform(0.12, 0.3), rng.uniform(0.1, 0.5)
    exposure = float(np.exp(rng.normal(0.05, 0.22)))
    return Light(
        directions=lamps[0],
        colours=(lamps[1] * np.stack([_warmth(rng, 0.05) for _ in lamps[1]])).astype(np.float32),
        ambient=_ambient(rng, level, contrast, tint),
        gloss=float(rng.uniform(0.4, 1.3)),
        exposure=exposure,
    )


def _lamps(lamps: list[tuple[float, float, float]]) -> tuple[Array, Array]:
    """Directions and grey strengths of lamps given as (strength, azimuth rad, height rad)."""
    directions, strength = [], []
    for power, azimuth, height in lamps:
        flat = np.cos(height)
        directions.append([flat * np.sin(azimuth), np.sin(height), flat * np.cos(azimuth)])
        strength.append([power] * 3)
    return np.array(directions, np.float32), np.array(strength, np.float32)


def _ambient(rng: np.random.Generator, level: float, contrast: float, tint: Array) -> Array:
    slope = rng.normal(0, 0.25, 3) + np.array([0, 1, 0.25])
    slope *= contrast / np.linalg.norm(slope)
    out = np.empty((3, 4))
    out[:, 0] = level * tint
    # Sky and floor differ a little in colour too.
    out[:, 1:] = out[:, :1] * slope * (1 + rng.normal(0, 0.12, (3, 1)))
    return out.astype(np.float32)
