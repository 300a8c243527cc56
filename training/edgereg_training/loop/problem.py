"""What the training loop asks of a problem: five small members, no base class.

    @dataclass(frozen=True)
    class MyProblem:
        metric = "mae"                        # validation metric to minimise

        def build(self) -> nn.Module          # a new network, initialised from torch's global RNG
        def steps(self) -> int                # batches in an epoch
        def batches(self, epoch, rng)         # iterator of `steps()` batches (any type), made only
                                              # from `epoch` and the numpy generator `rng`
        def loss(self, model, batch, generator)   # {"loss": scalar tensor, other parts to log ...}
        def validate(self, model)             # {"mae": 4.2, ...}, called in eval mode, no gradient

`batches` runs in a background thread; it must not touch torch's global RNG. `loss` draws random
numbers only from `generator` (a CPU torch.Generator). Both generators are functions of the
recipe's seed and the epoch, so a resumed run continues bit for bit.
To be found by recipes, a problem is listed in `problems.PROBLEMS` by the import path of a
function `(recipe: Recipe) -> Problem`, which parses its own keys with
`recipe.parse_options(MyOptions, recipe)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn


class Problem(Protocol):
    """A model, its data and its loss; see the module's docstring."""

    @property
    def metric(self) -> str:
        """Name of the validation metric that decides which epoch is best; lower is better."""
        ...

    def build(self) -> nn.Module:
        """A new network."""
        ...

    def steps(self) -> int:
        """Number of batches of an epoch, > 0."""
        ...

    def batches(self, epoch: int, rng: np.random.Generator) -> Iterator[Any]:
        """The batches of one epoch (epochs count from 0)."""
        ...

    def loss(
        self, model: nn.Module, batch: Any, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """Scalars by name; 'loss' is minimised, all are logged as their mean over the epoch."""
        ...

    def validate(self, model: nn.Module) -> dict[str, float]:
        """Metrics on the validation set; must hold `metric`."""
        ...
