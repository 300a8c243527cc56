"""Regression as a training problem: any target, backbone and method, from one recipe.

problem: regression
options:
  target: headpose
  train: [data/heads-train]
  validation: [data/heads-val]
  backbone: {name: edge-s}
  method: {name: bel, code: HEXJ}
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field
from torch import Tensor, nn

from edgereg_training.backbones import parse_backbone
from edgereg_training.loop.errors import RecipeError
from edgereg_training.loop.recipe import Recipe, Strict, parse_options
from edgereg_training.methods.registry import parse_method
from edgereg_training.regression.augmentation import (
    Augmentation,
    LightAugmentation,
    light_augmentation,
    parse_augmentation,
    strong_augmentation,
)
from edgereg_training.regression.data import (
    Examples,
    Pictures,
    count_heads,
    load_examples,
    load_pictures,
)
from edgereg_training.regression.labels import Label, label_of
from edgereg_training.regression.metrics import BATCH, metrics, predict
from edgereg_training.regression.net import RegressionNet, build_net, features_of


class RegressionOptions(Strict):
    """The keys of a regression recipe.

    target: 'headpose', 'age' or 'landmarks'. train, validation: folders of rendered heads. size:
    side of the crops, px. crop_scale: side of the crop over the longer side of the head's box.
    epoch_images: crops an epoch (None: one of each head). augmentation: name and settings, see
    `regression_augmentation`. backbone, method: name and settings of each. fit_examples: training
    examples that the head's closed form sees before each validation. metric: the validation metric
    that chooses the epoch.
    """

    target: str
    train: tuple[Path, ...] = Field(min_length=1)
    validation: tuple[Path, ...] = Field(min_length=1)
    size: int = Field(default=48, ge=16)
    crop_scale: float = Field(default=1.2, gt=0)
    epoch_images: int | None = Field(default=None, gt=0)
    augmentation: dict[str, Any] = Field(default_factory=lambda: {"name": "light"})
    backbone: dict[str, Any]
    method: dict[str, Any]
    fit_examples: int = Field(default=4000, gt=0)
    metric: Literal["mae", "mae_refined", "nll", "nme", "nme_refined"] = "mae"


@dataclass(frozen=True)
class RegressionProblem:
    """The `problem.Problem` of one target, backbone and method."""

    options: RegressionOptions
    batch_size: int
    label: Label
    augmentation: Augmentation

    @property
    def metric(self) -> str:
        """The recipe's choice."""
        return self.options.metric

    @cached_property
    def heads(self) -> int:
        """How many there are to train on."""
        return count_heads(self.options.train)

    @cached_property
    def examples(self) -> Examples:
        """Training crops, with the margin of the light augmentation."""
        how = self.augmentation
        share = how.margin if isinstance(how, LightAugmentation) else 0.0
        return self._load(self.options.train, round(share * self.options.size))

    @cached_property
    def pictures(self) -> Pictures:
        """Whole training pictures, for the strong augmentation."""
        return load_pictures(self.options.train, self.label)

    @cached_property
    def validation(self) -> Examples:
        """Validation crops."""
        return self._load(self.options.validation, 0)

    def _load(self, folders: tuple[Path, ...], margin: int) -> Examples:
        return load_examples(
            folders, self.label, self.options.size, self.options.crop_scale, margin
        )

    def build(self) -> nn.Module:
        """A new RegressionNet; RecipeError where backbone, method and target do not fit."""
        backbone = parse_backbone(self.options.backbone).build(self.options.size)
        return build_net(backbone, parse_method(self.options.method), self.label.targets)

    def steps(self) -> int:
        """Batches an epoch."""
        return (self.options.epoch_images or self.heads) // self.batch_size

    def batches(self, epoch: int, rng: np.random.Generator) -> Iterator[Examples]:
        """Augmented crops without a margin, of heads drawn without repetition while they last."""
        shape = self.steps(), self.batch_size
        for chosen in np.resize(rng.permutation(self.heads), shape):
            yield self._augmented(chosen, rng)

    def _augmented(self, chosen: npt.NDArray[np.integer], rng: np.random.Generator) -> Examples:
        how, options = self.augmentation, self.options
        if isinstance(how, LightAugmentation):
            return light_augmentation(self.examples.take(chosen), self.label, rng)
        pictures = self.pictures.take(chosen)
        return strong_augmentation(pictures, self.label, options.size, options.crop_scale, how, rng)

    def loss(
        self, model: nn.Module, batch: Examples, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The head's."""
        assert isinstance(model, RegressionNet)  # noqa: S101  (built by this problem)
        images, targets = torch.from_numpy(batch.images), torch.from_numpy(batch.targets)
        return model.loss(images, targets, generator)

    def fit(self, model: RegressionNet) -> None:
        """Fit the head's closed-form part, if any, to training crops, under the present weights."""
        if not model.fits:
            return
        # Evenly spread, because shards differ in their people.
        count = min(self.options.fit_examples, self.heads)
        chosen = np.linspace(0, self.heads - 1, count).astype(np.int64)
        some = self.examples.take(chosen).middle()
        targets = torch.from_numpy(some.targets).to(next(model.parameters()).device)
        model.head.fit(features_of(model, some.images, BATCH), targets)

    def validate(self, model: nn.Module) -> dict[str, float]:
        """Mean scores on the validation crops, see `regression_metrics.example_scores`."""
        assert isinstance(model, RegressionNet)  # noqa: S101  (built by this problem)
        self.fit(model)
        found = metrics(self.label, predict(model, self.validation), self.validation.targets)
        if self.metric not in found:
            known = ", ".join(found)
            raise RecipeError(f"no metric '{self.metric}' of this target and method ({known})")
        return found


def problem(recipe: Recipe) -> RegressionProblem:
    """The regression problem of a recipe; RecipeError where its parts are unknown."""
    options = parse_options(RegressionOptions, recipe)
    parse_backbone(options.backbone)
    parse_method(options.method)
    label = label_of(options.target, options.size)
    augmentation = parse_augmentation(options.augmentation)
    return RegressionProblem(options, recipe.batch_size, label, augmentation)
