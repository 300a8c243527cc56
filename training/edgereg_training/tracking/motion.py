"""Smooth random functions of time, of which all rendered motion is made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Wave:
    """centre + sum over k of amplitude_k sin(2 pi (frequency_k t + phase_k)), t in frames.

    centre: [D]; amplitude, phase: [K, D]; frequency: [K, D] in cycles a frame.
    """

    centre: Array
    amplitude: Array
    frequency: Array
    phase: Array

    def at(self, t: float) -> Array:
        """The value [D] at frame t, which may be a fraction."""
        angle = 2 * np.pi * (self.frequency * t + self.phase)
        return np.asarray(self.centre + (self.amplitude * np.sin(angle)).sum(axis=0))


def random_wave(
    rng: np.random.Generator,
    centre: npt.ArrayLike,
    reach: npt.ArrayLike,
    periods: tuple[float, float],
    waves: int = 3,
) -> Wave:
    """A wave that stays within `reach` [D] of `centre` [D]; periods in frames, from, to."""
    middle = np.asarray(centre, float)
    shape = (waves, len(middle))
    share = rng.dirichlet(np.ones(waves), len(middle)).T
    period = np.exp(rng.uniform(np.log(periods[0]), np.log(periods[1]), shape))
    return Wave(middle, share * np.asarray(reach, float), 1 / period, rng.random(shape))
