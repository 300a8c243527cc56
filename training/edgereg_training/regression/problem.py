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

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from edgereg_training.backbones import parse_backbone
from edgereg_training.backbones.backbone import Deepened
from edgereg_training.data.part import SetPart
from edgereg_training.loop.errors import RecipeError
from edgereg_training.loop.problem import whole_batches
from edgereg_training.loop.recipe import Recipe, Strict, parse_options
from edgereg_training.methods.bel.calibrated import CalibratedHead
from edgereg_training.methods.bel.calibration import calibrate, temperatures
from edgereg_training.methods.bel.head import BelHead
from edgereg_training.methods.registry import parse_method
from edgereg_training.regression.augmentation import Crops, parse_augmentation
from edgereg_training.regression.data import Examples, TrainingData
from edgereg_training.regression.net import RegressionNet, build_net, features_of
from edgereg_training.regression.scores import (
    BATCH,
    example_scores,
    mean_scores,
    predict,
    predict_values,
)
from edgereg_training.regression.target import TrainingTarget, parse_target


class RegressionOptions(Strict):
    """The keys of a regression recipe.

    target: a name such as 'headpose', or a mapping with `name` and the target's keys, see
    `targets`. train, validation: folders of shards, or splits of data sets, see `data.part`. size:
    side of the crops, px.
    crop_scale: side of the crop over the longer side of the head's box. epoch_images: crops an
    epoch (None: one of each head). augmentation: name and settings, see `augmentation`. backbone,
    method: name and settings of each. layers: widths of layers between the backbone's vector and
    the method's own layer. fit_examples: training examples that the head's closed form
    sees before each validation. metric: the validation metric that chooses the epoch.
    score_densities: whether a validation also scores densities and refined values, which may take
    longer than all else. calibrated: whether the density of the method bel is calibrated on the
    validation crops, see `methods.bel.calibrated`.
    """

    target: str | dict[str, Any]
    train: tuple[Path | SetPart, ...] = Field(min_length=1)
    validation: tuple[Path | SetPart, ...] = Field(min_length=1)
    size: int = Field(default=48, ge=16)
    crop_scale: float = Field(default=1.2, gt=0)
    epoch_images: int | None = Field(default=None, gt=0)
    augmentation: dict[str, Any] = Field(default_factory=lambda: {"name": "light"})
    backbone: dict[str, Any]
    layers: tuple[Annotated[int, Field(gt=0)], ...] = ()
    method: dict[str, Any]
    fit_examples: int = Field(default=4000, gt=0)
    metric: str = "mae"
    score_densities: bool = True
    calibrated: bool = False


@dataclass(frozen=True)
class RegressionProblem:
    """The `problem.Problem` of one target, backbone and method; held_out gives the validation
    crops, once."""

    options: RegressionOptions
    batch_size: int
    target: TrainingTarget
    data: TrainingData
    held_out: Callable[[], Examples]

    @property
    def metric(self) -> str:
        """The recipe's choice."""
        return self.options.metric

    @cached_property
    def validation(self) -> Examples:
        """Validation crops."""
        return self.held_out()

    def build(self) -> RegressionNet:
        """A new network; RecipeError where backbone, method and target do not fit."""
        backbone = parse_backbone(self.options.backbone).build(self.options.size)
        if self.options.layers:
            backbone = Deepened(backbone, self.options.layers)
        net = build_net(backbone, parse_method(self.options.method), self.target.values)
        if self.options.calibrated:
            if not isinstance(net.head, BelHead):
                raise RecipeError(
                    f"only 'bel' can be calibrated, not {self.options.method['name']}"
                )
            net.head = CalibratedHead(net.head)
        return net

    def steps(self) -> int:
        """Batches an epoch; TrainingError where there is less data than one batch."""
        count = self.options.epoch_images or len(self.data)
        return whole_batches(count, self.batch_size, "examples")

    def batches(self, epoch: int, rng: np.random.Generator) -> Iterator[Examples]:
        """Augmented crops without a margin."""
        steps = self.steps()
        order = self.data.drawn(steps * self.batch_size, rng)
        for chosen in order.reshape(steps, self.batch_size):
            yield self.data.augmented(chosen, rng)

    def loss(
        self, model: RegressionNet, batch: Examples, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The head's."""
        images, targets = torch.from_numpy(batch.images), torch.from_numpy(batch.targets)
        return model.loss(images, targets, generator)

    def fit(self, model: RegressionNet) -> None:
        """Fit the head's closed-form part, if any, to training crops, under the present weights."""
        if not model.fits:
            return
        # Evenly spread, because shards differ in their people.
        count = min(self.options.fit_examples, len(self.data))
        some = self.data.plain(np.linspace(0, len(self.data) - 1, count).astype(np.int64))
        targets = torch.from_numpy(some.targets).to(next(model.parameters()).device)
        model.head.fit(features_of(model, some.images, BATCH), targets)

    def calibrate(self, model: RegressionNet) -> None:
        """Calibrate the head, if it is one to be, on the validation crops."""
        if isinstance(model.head, CalibratedHead):
            features = features_of(model, self.validation.images, BATCH).cpu()
            labels = torch.from_numpy(self.validation.targets)[..., None].expand(-1, -1, 2)
            calibrate(model.head, (features,), (labels,), temperatures)

    def validate(self, model: RegressionNet) -> dict[str, float]:
        """Mean scores on the validation crops, see `scores.example_scores`."""
        self.fit(model)
        self.calibrate(model)
        truth = self.validation.targets
        if self.options.score_densities:
            scores = example_scores(self.target, predict(model, self.validation), truth)
        else:
            scores = self.target.errors(predict_values(model, self.validation), truth)
        return mean_scores(self.target, scores, truth)


def problem(recipe: Recipe) -> RegressionProblem:
    """The regression problem of a recipe; RecipeError where its parts are unknown."""
    options = parse_options(RegressionOptions, recipe)
    parse_backbone(options.backbone)
    parse_method(options.method)
    target = parse_target(options.target).target(options.size)
    train = Crops(options.train, target, options.size, options.crop_scale)
    validation = Crops(options.validation, target, options.size, options.crop_scale)
    data = parse_augmentation(options.augmentation).data(train)
    return RegressionProblem(options, recipe.batch_size, target, data, validation.examples)
