"""Parameters of a Gaussian locally-linear mapping, and the coordinates in which EM works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Floats = npt.NDArray[np.floating]
Covariance = Literal["full", "diagonal", "isotropic", "equal"]


@dataclass(frozen=True)
class Parameters:
    """p(t, x) = sum_k weights_k N(t; centres_k, spreads_k) N(x; slopes_k t + offsets_k, noise_k).

    K components, L targets t, D features x. weights [K], sum 1; centres c [K, L]; spreads Gamma
    [K, L, L]; slopes A [K, D, L]; offsets b [K, D]; noise Sigma: variances [K] (isotropic, equal),
    variances [K, D] (diagonal) or covariances [K, D, D] (full).
    """

    weights: Array
    centres: Array
    spreads: Array
    slopes: Array
    offsets: Array
    noise: Array

    @property
    def forward(self) -> Array:
        """[A_k | b_k], which maps [t, 1] to the mean of x: [K, D, L+1]."""
        return np.concatenate([self.slopes, self.offsets[:, :, None]], axis=2)

    def only(self, kept: npt.NDArray[np.bool_]) -> Parameters:
        """The components of the mask `kept` [K], their weights scaled to sum 1."""
        weights = self.weights[kept]
        return Parameters(
            weights / weights.sum(),
            self.centres[kept],
            self.spreads[kept],
            self.slopes[kept],
            self.offsets[kept],
            self.noise[kept],
        )


@dataclass(frozen=True)
class Coordinates:
    """u = (t - mean) / scale, and z = x - [u, 1] @ regression: what one linear map leaves of x.

    EM works on u and z. It is the same model (its likelihood differs by a constant), but squared
    distances of z lose far fewer digits than those of x when they are expanded into products.
    mean, scale: [L]; regression: [L+1, D].
    """

    mean: Array
    scale: Array
    regression: Array

    def units(self, inside: Parameters) -> Parameters:
        """Parameters of (u, z) as parameters of (t, x)."""
        slopes = (inside.slopes + self.regression[:-1].T) / self.scale
        offsets = inside.offsets + self.regression[-1] - slopes @ self.mean
        spreads = inside.spreads * np.outer(self.scale, self.scale)
        centres = self.mean + self.scale * inside.centres
        return Parameters(inside.weights, centres, spreads, slopes, offsets, inside.noise)
