"""Reg+Cls: any other method, trained together with a classification of the targets.

    method:
      name: regcls
      regression: {name: direct, loss: l2}
      classes: 64
      weight: 10

The class head is there for training only: value, density and refinement are the regression's. "A
step towards understanding why classification helps regression" (ICCV 2023).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import torch
from pydantic import Field, field_validator
from torch import Tensor, nn

from edgereg.core.model_spec import Target
from edgereg_training.loop.errors import RecipeError
from edgereg_training.loop.recipe import Strict
from edgereg_training.methods.ebm.energy import HeadEnergy
from edgereg_training.methods.layers import pooled
from edgereg_training.methods.method import Density, FeatureShape, Head, MethodSettings, Refinement
from edgereg_training.methods.regcls.classes import (
    Classes,
    classification_loss,
    equalise_histogram,
    label,
    thin,
    uniform_classes,
    weighted,
)
from edgereg_training.methods.registry import parse_method
from edgereg_training.methods.target_range import refuse_nan


class RegClsSettings(Strict):
    """regression: settings of the method that regresses, any but regcls itself.

    classes: over each target's range. balance: 'uniform' classes have equal widths; 'equalised'
    ones about equal counts, found by the first `fit` from training targets (so the first epoch
    trains the regression alone) and at most as many. keep: thin out the larger of the equalised
    classes from the classification loss, anew at every visit. weight: above 1 it multiplies the
    regression loss, otherwise it divides the classification loss.
    """

    name: Literal["regcls"] = "regcls"
    regression: dict[str, Any] = Field(default_factory=lambda: {"name": "direct", "loss": "l2"})
    classes: int = Field(default=64, ge=2)
    balance: Literal["uniform", "equalised"] = "equalised"
    keep: bool = True
    weight: float = Field(default=1.0, gt=0)

    @field_validator("regression")
    @classmethod
    def _another_method(cls, regression: Mapping[str, Any]) -> Mapping[str, Any]:
        if regression.get("name") == "regcls":
            raise ValueError("regcls can't be the regression of regcls")
        try:
            parse_method(regression)
        except RecipeError as error:
            raise ValueError(str(error)) from error
        return regression

    def regression_settings(self) -> MethodSettings:
        """The settings of the method that regresses."""
        return parse_method(self.regression)

    def head(self, features: FeatureShape, targets: tuple[Target, ...]) -> RegClsHead:
        """See `method.MethodSettings`."""
        regression = self.regression_settings().head(features, targets)
        return RegClsHead(self, regression, features, targets)


class RegClsHead(Head):
    """A regression head and a linear class head for each target, which takes maps by their mean.

    made: [D], the number of classes of each target, 0 until `fit` has found equalised ones;
    edges: [D, C+1], in units, infinite beyond them; kept: [D, C], the keep probabilities.
    """

    made: Tensor
    edges: Tensor
    kept: Tensor

    def __init__(
        self,
        settings: RegClsSettings,
        regression: Head,
        features: FeatureShape,
        targets: tuple[Target, ...],
    ) -> None:
        super().__init__()
        self.settings, self.regression, self.targets = settings, regression, targets
        self.takes = regression.takes
        count = len(targets)
        self.classifiers = nn.ModuleList(
            nn.Linear(features.channels, settings.classes) for _ in targets
        )
        self.register_buffer("made", torch.zeros(count, dtype=torch.int64))
        edges = torch.full((count, settings.classes + 1), torch.inf, dtype=torch.float64)
        self.register_buffer("edges", edges)
        self.register_buffer("kept", torch.ones(count, settings.classes, dtype=torch.float64))
        if settings.balance == "uniform":
            for index, target in enumerate(targets):
                self._set(index, uniform_classes(target.low, target.high, settings.classes))

    def loss(
        self, features: Tensor, targets: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The regression's parts, 'regression' and 'classification', summed over targets."""
        parts = self.regression.loss(features, targets, generator)
        refuse_nan(targets)
        vectors = pooled(features)
        losses = [
            self._class_loss(index, vectors, targets[:, index], generator)
            for index in range(len(self.targets))
        ]
        classification = torch.stack(losses).sum()
        total = weighted(parts["loss"], classification, self.settings.weight)
        own = {"loss": total, "regression": parts["loss"], "classification": classification}
        return parts | own

    def _class_loss(
        self, index: int, vectors: Tensor, targets: Tensor, generator: torch.Generator
    ) -> Tensor:
        logits: Tensor = self.classifiers[index](vectors)
        made = int(self.made[index])
        if made < 2:
            # Still part of the graph: processes that share gradients expect one of every weight.
            return 0.0 * logits.sum()
        classes = self.classes(index)
        labels = thin(label(targets, classes.edges), classes.keep, generator)
        return classification_loss(logits[:, :made], labels)

    def classes(self, index: int) -> Classes:
        """The classes of a target; none before equalised ones are found."""
        made = int(self.made[index])
        return Classes(self.edges[index, : made + 1], self.kept[index, :made])

    def class_probabilities(self, features: Tensor) -> tuple[Tensor, ...]:
        """What the class heads say: a [B, C] for each target, C as in `classes`."""
        vectors = pooled(features)
        return tuple(
            torch.softmax(classifier(vectors)[:, : int(made)], -1)
            for classifier, made in zip(self.classifiers, self.made, strict=True)
        )

    def value(self, features: Tensor) -> Tensor:
        """The regression's: [B, D] in units."""
        return self.regression.value(features)

    def density(self, features: Tensor) -> Density:
        """The regression's."""
        return self.regression.density(features)

    def refine(self, features: Tensor, start: Tensor) -> Refinement | None:
        """The regression's."""
        return self.regression.refine(features, start)

    def energy(self) -> HeadEnergy | None:
        """The regression's."""
        return self.regression.energy()

    def notes(self) -> tuple[str, ...]:
        """The regression's."""
        return self.regression.notes()

    @torch.no_grad()
    def fit(self, features: Tensor, targets: Tensor) -> None:
        """The regression's; the first call finds the equalised classes, which then stay."""
        self.regression.fit(features, targets)
        for index, target in enumerate(self.targets):
            if int(self.made[index]) == 0:
                bins = uniform_classes(target.low, target.high, self.settings.classes)
                found = equalise_histogram(targets[:, index], bins.edges)
                if not self.settings.keep:
                    found = Classes(found.edges, torch.ones_like(found.keep))
                self._set(index, found)

    def _set(self, index: int, classes: Classes) -> None:
        made = len(classes.keep)
        self.made[index] = made
        self.edges[index, : made + 1] = classes.edges
        self.kept[index, :made] = classes.keep
