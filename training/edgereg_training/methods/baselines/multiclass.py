"""Multiclass classification of the level, the likeliest level as the value: BEL's baseline."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from edgereg.core.model_spec import Target
from edgereg_training.loop.recipe import Strict
from edgereg_training.methods.densities import Levels
from edgereg_training.methods.densities.level_grid import grid_over
from edgereg_training.methods.layers import output_layer
from edgereg_training.methods.method import FeatureShape, Head


class MulticlassSettings(Strict):
    """levels: of each target, over its range. theta: width of a linear bottleneck before the
    logits, one for each target (BEL paper, Table 18); None: none."""

    name: Literal["multiclass"] = "multiclass"
    levels: int = Field(default=200, ge=2)
    theta: int | None = Field(default=None, gt=0)

    def head(self, features: FeatureShape, targets: tuple[Target, ...]) -> MulticlassHead:
        """See `method.MethodSettings`."""
        return MulticlassHead(self, features, targets)


class MulticlassHead(Head):
    """A logit for each level of each target, linear in the features."""

    def __init__(
        self, settings: MulticlassSettings, features: FeatureShape, targets: tuple[Target, ...]
    ) -> None:
        super().__init__()
        self.targets = targets
        self.grid = grid_over(targets, settings.levels)
        self.outputs = nn.ModuleList(
            _classifier(features.channels, settings.levels, settings.theta) for _ in targets
        )

    def loss(
        self, features: Tensor, targets: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Cross entropy, summed over targets."""
        logits = self._logits(features).flatten(0, 1)
        level = self.grid.level(targets)
        return {"loss": cross_entropy(logits, level.flatten(), reduction="sum") / len(targets)}

    def value(self, features: Tensor) -> Tensor:
        """The likeliest level: [B, D]."""
        logits = self._logits(features)
        return self.grid.value(logits.argmax(-1).to(logits.dtype))

    def density(self, features: Tensor) -> Levels:
        """p(y|x)."""
        return self.grid.density(torch.softmax(self._logits(features), dim=-1))

    def _logits(self, features: Tensor) -> Tensor:
        """[B, D, N]."""
        return torch.stack([output(features) for output in self.outputs], dim=1)


def _classifier(inputs: int, levels: int, theta: int | None) -> nn.Module:
    if theta is None:
        return output_layer(inputs, levels)
    # No activation: a map of rank theta, as in BEL's own heads.
    return nn.Sequential(nn.Linear(inputs, theta), output_layer(theta, levels))
