"""The families of p(y|x) that heads answer with; each is a `method.Density`.

Points and moments are in the targets' units. `mean`, `std` and `log_prob` pass gradients to the
parameters; `interval` and `mode` do not.
"""

from edgereg_training.methods.densities.gaussian import (
    GaussianMixture,
    diagonal_mixture,
    gaussian,
)
from edgereg_training.methods.densities.laplace import LaplaceProduct, RadialLaplace
from edgereg_training.methods.densities.levels import Levels
from edgereg_training.methods.densities.samples import WeightedSamples

__all__ = [
    "GaussianMixture",
    "LaplaceProduct",
    "Levels",
    "RadialLaplace",
    "WeightedSamples",
    "diagonal_mixture",
    "gaussian",
]
