"""What every method is: settings that build a head, and a head that learns and answers.

A backbone turns images into features g_x; a head turns features into everything else. Targets are
float [B, D] in physical units; a head maps them to whatever its network emits and back (the
codec), so that nobody outside sees levels, bits or normalised numbers.

    settings = parse_method({"name": "bel", "code": "HEXJ", "loss": "CE"})
    head = settings.head(FeatureShape(160), targets)
    head.loss(features, y, generator)["loss"].backward()
    head.value(features)                          # [B, D]
    head.density(features).interval(0.95)         # ([B, D], [B, D])
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import torch
from torch import Tensor, nn

from edgereg.core.model_spec import Target
from edgereg_training.loop.errors import RecipeError

if TYPE_CHECKING:
    from edgereg_training.methods.ebm.energy import HeadEnergy


@dataclass(frozen=True)
class FeatureShape:
    """Features of a backbone: a vector [B, channels], or maps [B, channels, height, width]."""

    channels: int
    height: int = 1
    width: int = 1


class Density(Protocol):
    """p(y|x) of B images and D targets, in the targets' units."""

    def mean(self) -> Tensor:
        """E[y|x]: [B, D]."""
        ...

    def mode(self) -> Tensor:
        """The most likely y, the argmax of p(y|x): [B, D]."""
        ...

    def std(self) -> Tensor:
        """Standard deviation of each target: [B, D]."""
        ...

    def interval(self, level: float) -> tuple[Tensor, Tensor]:
        """The central interval of each target that holds `level` (0..1) of it: [B, D] twice."""
        ...

    def log_prob(self, points: Tensor) -> Tensor:
        """log p(y|x) of points [B, G, D], normalised over y: [B, G]."""
        ...


@dataclass(frozen=True)
class Refinement:
    """An ascent on an energy: trajectory [B, T+1, D] in units, energy [B, T+1]."""

    trajectory: Tensor
    energy: Tensor


class Head(nn.Module, ABC):
    """The interface of a head. `takes`: the features it wants; `targets`: what it predicts."""

    takes: Literal["vector", "map"] = "vector"
    targets: tuple[Target, ...]

    @abstractmethod
    def loss(
        self, features: Tensor, targets: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Scalars by name, means over the batch; 'loss' is minimised.

        targets: [B, D] in units. Random numbers come from `generator` only.
        """

    @abstractmethod
    def value(self, features: Tensor) -> Tensor:
        """The method's own estimate (its decoder's), before refinement: [B, D] in units."""

    @abstractmethod
    def density(self, features: Tensor) -> Density:
        """p(y|x)."""

    def fit(self, features: Tensor, targets: Tensor) -> None:
        """Set what is not learned by gradient, from features and targets of training examples.

        Called before each validation with up to a few thousand examples, without gradient: residual
        variances of direct regression, the EM of GLLiM. Most heads need none of this.
        """

    def refine(self, features: Tensor, start: Tensor) -> Refinement | None:
        """Ascend the energy from start [B, D] in units; None where the method has no energy."""
        return None

    def energy(self) -> HeadEnergy | None:
        """The energy that `refine` climbs, for graphs; None where the method has none, or not one
        of all targets together."""
        return None

    def notes(self) -> tuple[str, ...]:
        """Markdown for the model card: where exported graphs differ from the head."""
        return ()


class MethodSettings(Protocol):
    """The keys of a recipe's `method`, a `recipe.Strict` model with `name: Literal[...]`."""

    @property
    def name(self) -> str:
        """The method's name in recipes."""
        ...

    def model_dump(self, *, mode: str = "python") -> dict[str, Any]:
        """All keys with their values."""
        ...

    def head(self, features: FeatureShape, targets: tuple[Target, ...]) -> Head:
        """A new head, initialised from torch's global generator.

        Raises ValueError where the method can't have these targets (say, a heatmap of an age).
        """
        ...


def vector_head(method: MethodSettings, width: int, target: Target) -> Head:
    """A new head of one target for vectors [B, width]; RecipeError where the method can't have
    this target or takes maps."""
    try:
        head = method.head(FeatureShape(width), (target,))
    except ValueError as error:
        raise RecipeError(f"method '{method.name}' can't tell {target.name}: {error}") from error
    if head.takes != "vector":
        raise RecipeError(f"method '{method.name}' takes maps; {target.name} is told from vectors")
    return head
