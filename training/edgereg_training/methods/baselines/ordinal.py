"""Ordinal regression: N - 1 binary questions "is the level above k?", their yeses counted.

OR-CNN, "Ordinal Regression with Multiple Output CNN for Age Estimation" (CVPR 2016, Eq. 2-4): a
classifier of its own for each question. CORAL, "Rank consistent ordinal regression for neural
networks with application to age estimation" (Pattern Recognition Letters 2020, Eq. 4-6): one weight
vector, N - 1 biases, so that the answers are consistent. Both with importance weights of 1.
"""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from edgereg.core.model_spec import Target
from edgereg_training.loop.recipe import Strict
from edgereg_training.methods.densities import Levels
from edgereg_training.methods.densities.level_grid import grid_over
from edgereg_training.methods.layers import output_layer
from edgereg_training.methods.method import FeatureShape, Head

# Share of the density that is spread evenly: where answers contradict each other some levels have
# no probability at all.
BACKGROUND = 1e-3


class OrdinalSettings(Strict):
    """levels: N of each target, over its range."""

    name: Literal["or-cnn", "coral"]
    levels: int = Field(default=101, ge=2)

    def head(self, features: FeatureShape, targets: tuple[Target, ...]) -> OrdinalHead:
        """See `method.MethodSettings`."""
        return OrdinalHead(self, features, targets)


class OrdinalHead(Head):
    """Logits of p(level > k), k = 0..N-2, of each target, linear in the features.

    thresholds: [D, N-1], added to the outputs; they start where all levels are equally likely.
    """

    def __init__(
        self, settings: OrdinalSettings, features: FeatureShape, targets: tuple[Target, ...]
    ) -> None:
        super().__init__()
        self.targets = targets
        self.grid = grid_over(targets, settings.levels)
        questions = settings.levels - 1
        self.shared = settings.name == "coral"
        outputs = 1 if self.shared else questions
        self.output = output_layer(features.channels, outputs * len(targets))
        above = 1 - torch.arange(1, settings.levels) / settings.levels
        self.thresholds = nn.Parameter(above.logit().repeat(len(targets), 1))

    def loss(
        self, features: Tensor, targets: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Binary cross entropy, summed over questions and targets."""
        logits = self._logits(features)
        wanted = (self.grid.level(targets)[..., None] > self._questions()).to(logits.dtype)
        total = binary_cross_entropy_with_logits(logits, wanted, reduction="sum")
        return {"loss": total / len(targets)}

    def value(self, features: Tensor) -> Tensor:
        """The number of questions with p > 0.5, in units: [B, D]."""
        logits = self._logits(features)
        return self.grid.value((logits > 0).to(logits.dtype).sum(-1))

    def density(self, features: Tensor) -> Levels:
        """p(level = k) = p(level > k - 1) - p(level > k), of answers made consistent."""
        found = level_probabilities(self._logits(features))
        return self.grid.density((1 - BACKGROUND) * found + BACKGROUND / self.grid.count)

    def _logits(self, features: Tensor) -> Tensor:
        """[B, D, N-1]."""
        output: Tensor = self.output(features)
        shape = (-1, len(self.targets), 1 if self.shared else self.grid.count - 1)
        return output.reshape(shape) + self.thresholds

    def _questions(self) -> Tensor:
        return torch.arange(self.grid.count - 1, device=self.thresholds.device)


def level_probabilities(logits: Tensor) -> Tensor:
    """p(level = k) [..., N], >= 0 with sum 1, of the finite logits of p(level > k) [..., N-1].

    Independent classifiers may contradict each other (say yes to "above 5", no to "above 4"). The
    average of the greatest falling sequence below the answers and the least one above is falling
    itself, and the answers themselves where they are consistent.
    """
    below = logits.cummin(dim=-1).values
    over = logits.flip(-1).cummax(dim=-1).values.flip(-1)
    return (_falls(below) + _falls(over)) / 2


def _falls(logits: Tensor) -> Tensor:
    """How much sigmoid falls from 1 over falling logits [..., N-1] to 0: [..., N].

    sigmoid(a) - sigmoid(b) as a product, exact where both are near 1 and their difference is not.
    """
    yes, no = torch.sigmoid(logits), torch.sigmoid(-logits)
    ratio = torch.exp(torch.diff(logits, dim=-1))
    between = yes[..., :-1] * no[..., 1:] * (1 - ratio)
    return torch.cat([no[..., :1], between, yes[..., -1:]], dim=-1)
