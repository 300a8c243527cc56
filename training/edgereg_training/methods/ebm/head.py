"""The method `ebm`: an energy f(x, y) with p(y|x) = exp f / Z, beside an estimate to climb from.

    method:
      name: ebm
      estimate: {name: direct, loss: l1}
      sigmas: [0.01, 0.15]

"Energy-Based Models for Deep Probabilistic Regression" (ECCV 2020). The energy's coordinates are
tenths of each target's range about its middle, or units that the settings give; step lengths are
in them. Where features are maps, the energy sees their mean.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any, Literal

import torch
from pydantic import Field, field_validator
from torch import Tensor

from edgereg.core.model_spec import Target
from edgereg_training.loop.errors import RecipeError
from edgereg_training.loop.recipe import Strict
from edgereg_training.methods.densities import WeightedSamples
from edgereg_training.methods.ebm import importance
from edgereg_training.methods.ebm import likelihood as ebm
from edgereg_training.methods.ebm import points as energy_points
from edgereg_training.methods.ebm import trainers as ebm_trainers
from edgereg_training.methods.ebm.energy import Ascent, HeadEnergy
from edgereg_training.methods.ebm.points import GRID
from edgereg_training.methods.ebm.target_energy import Nonlinearity, TargetEnergy
from edgereg_training.methods.layers import pooled
from edgereg_training.methods.method import FeatureShape, Head, Refinement
from edgereg_training.methods.registry import parse_method
from edgereg_training.methods.target_range import check_targets

RANGE = 10.0
"""The width of a target's range in the energy's coordinates, where the settings give no unit."""

Trainer = Literal["ml-is", "nce", "nce+", "kldis", "mcmc", "dsm", "sm"]


class EnergySettings(Strict):
    """The method `ebm`.

    estimate: settings of the method to climb from, any but ebm itself; None: the energy's own best
    point of a search. trainer: `ebm.nll` (ml-is) or one of `ebm_trainers`. sigmas: of the proposal,
    for every target, in_units or as fractions of its range. unit: of the energy's coordinates, in
    the targets' units; None: a tenth of each range. samples: a target's samples in training;
    density_samples: of the density where there are several targets (one has a grid).
    jitter: nce+'s beta; kernel, noise, langevin_length: of kldis, dsm and mcmc, times the smallest
    sigma; langevin_steps: of mcmc. weight: of the energy's loss; to_features: whether its gradient
    reaches the features. target_widths (of g_y's layers), hidden,
    trunk_layers, activation: the energy's network; the EBM paper has 16, 32, 64, 128 with relu.
    """

    name: Literal["ebm"] = "ebm"
    estimate: dict[str, Any] | None = Field(default_factory=lambda: {"name": "direct"})
    trainer: Trainer = "ml-is"
    sigmas: tuple[float, ...] = Field(default=(0.01, 0.15), min_length=1)
    in_units: bool = False
    unit: float | None = Field(default=None, gt=0)
    samples: int = Field(default=128, ge=1)
    density_samples: int = Field(default=512, ge=2)
    jitter: float = Field(default=0.025, ge=0)
    kernel: float = Field(default=0.125, gt=0)
    noise: float = Field(default=1.0, gt=0)
    langevin_length: float = Field(default=0.25, gt=0)
    langevin_steps: int = Field(default=16, ge=1)
    weight: float = Field(default=1.0, gt=0)
    to_features: bool = True
    target_widths: tuple[Annotated[int, Field(ge=1)], ...] = Field(default=(32, 32), min_length=1)
    hidden: int = Field(default=64, ge=1)
    trunk_layers: int = Field(default=1, ge=0)
    activation: Nonlinearity = "silu"
    refinement: Ascent = Field(default_factory=Ascent)

    @field_validator("estimate")
    @classmethod
    def _another_method(cls, estimate: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        if estimate is None:
            return None
        if estimate.get("name") == "ebm":
            raise ValueError("ebm can't be the estimate of ebm")
        try:
            parse_method(estimate)
        except RecipeError as error:
            raise ValueError(str(error)) from error
        return estimate

    @field_validator("sigmas")
    @classmethod
    def _positive(cls, sigmas: tuple[float, ...]) -> tuple[float, ...]:
        if min(sigmas) <= 0:
            raise ValueError(f"sigmas must be positive, not {min(sigmas)}")
        return sigmas

    def head(self, features: FeatureShape, targets: tuple[Target, ...]) -> EnergyHead:
        """See `method.MethodSettings`."""
        check_targets(targets)
        estimate = None
        if self.estimate is not None:
            estimate = parse_method(self.estimate).head(features, targets)
        return EnergyHead(self, estimate, features, targets)

    def widths(self, targets: tuple[Target, ...]) -> list[float]:
        """Of the targets' ranges, in the energy's coordinates."""
        unit = self.unit
        return [RANGE if unit is None else (t.high - t.low) / unit for t in targets]

    def proposal(self, targets: tuple[Target, ...]) -> ebm.Proposal:
        """q in the energy's coordinates."""
        pairs = list(zip(targets, self.widths(targets), strict=True))
        rows = [
            [sigma * w / (t.high - t.low) if self.in_units else sigma * w for t, w in pairs]
            for sigma in self.sigmas
        ]
        return ebm.Proposal(rows)


class EnergyHead(Head):
    """An energy and, where the settings have one, the head of another method as its estimate.

    scattered: [1, GRID, D] over the ranges; offsets: [1, S, D], samples of the proposal; both in
    the energy's coordinates. numbers: [R, S, 3, D], of `importance.random_numbers`.
    """

    scattered: Tensor
    offsets: Tensor
    numbers: Tensor

    def __init__(
        self,
        settings: EnergySettings,
        estimate: Head | None,
        features: FeatureShape,
        targets: tuple[Target, ...],
    ) -> None:
        super().__init__()
        self.settings, self.estimate, self.targets = settings, estimate, targets
        self.takes = "vector" if estimate is None else estimate.takes
        self.proposal = settings.proposal(targets)
        self.widths = settings.widths(targets)
        self.network = TargetEnergy(
            features.channels,
            [(target.low + target.high) / 2 for target in targets],
            [(t.high - t.low) / width for t, width in zip(targets, self.widths, strict=True)],
            settings.target_widths,
            settings.hidden,
            settings.trunk_layers,
            settings.activation,
        )
        offsets = energy_points.offsets(self.proposal, settings.density_samples)
        self.register_buffer("scattered", energy_points.scattered(self.widths), persistent=False)
        self.register_buffer("offsets", offsets, persistent=False)
        starts = len(self.proposal.sigmas) if estimate is None else 2
        numbers = importance.random_numbers(len(targets), starts, settings.density_samples)
        self.register_buffer("numbers", numbers, persistent=False)

    def loss(
        self, features: Tensor, targets: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The estimate's parts, 'estimate' (its loss) and 'energy' (the trainer's)."""
        parts: dict[str, Tensor] = {}
        vectors = pooled(features if self.settings.to_features else features.detach())
        train = trainer_of(self.settings, self.proposal)
        energy = train(partial(self.network, vectors), self.network.normalise(targets), generator)
        total = self.settings.weight * energy
        if self.estimate is not None:
            parts = self.estimate.loss(features, targets, generator)
            total = total + parts["loss"]
            parts = parts | {"estimate": parts["loss"]}
        return parts | {"loss": total, "energy": energy}

    def value(self, features: Tensor) -> Tensor:
        """The estimate's, or the best point of a search: [B, D] in units."""
        if self.estimate is not None:
            return self.estimate.value(features)
        # The best of scattered points (a grid where D = 1), then of samples about it; these are
        # the points themselves, which no gradient reaches.
        vectors = pooled(features)
        points = self.scattered.expand(vectors.shape[0], -1, -1)
        found = energy_points.best(points, self.network(vectors, points))
        if len(self.targets) > 1:
            about = found[:, None] + self.offsets
            found = energy_points.best(about, self.network(vectors, about))
        return self.network.restore(found)

    def density(self, features: Tensor, value: Tensor | None = None) -> WeightedSamples:
        """p(y|x), normalised over a grid on the range of one target, or by importance sampling
        of several; value: the estimate's [B, D], where it is known already."""
        vectors = pooled(features)

        def energy(points: Tensor) -> Tensor:
            f: Tensor = self.network(vectors, self.network.normalise(points))
            return f

        if len(self.targets) == 1:
            points = self.network.restore(self.scattered.expand(vectors.shape[0], -1, -1))
            width = self.targets[0].high - self.targets[0].low
            weights = energy(points) + math.log(width * GRID / (GRID - 1))
        else:
            start = self._start(features, value)
            found = importance.sample(energy, start, self.numbers)
            points, weights = found.points, found.log_weights
        log_z = torch.logsumexp(weights, 1) - math.log(weights.shape[1])
        return WeightedSamples(points, weights, lambda points: energy(points) - log_z[:, None])

    def _start(self, features: Tensor, value: Tensor | None) -> tuple[importance.Proposal, ...]:
        """What the first samples are drawn from: the estimate's density, or the proposal of the
        training about the energy's own best point."""
        if self.estimate is not None:
            return importance.proposals_of(self.estimate.density(features))
        centre = self.value(features) if value is None else value
        sigmas = centre.new_tensor(self.proposal.sigmas) * self.network.scale
        return tuple(
            importance.GaussianProposal(centre.detach(), torch.diag_embed(row.expand_as(centre)))
            for row in sigmas
        )

    def fit(self, features: Tensor, targets: Tensor) -> None:
        """The estimate's."""
        if self.estimate is not None:
            self.estimate.fit(features, targets)

    def energy(self) -> HeadEnergy:
        """See `Head`."""
        return HeadEnergy(self.network, self.settings.refinement, self.estimate, self.density)

    def refine(self, features: Tensor, start: Tensor) -> Refinement:
        """Climb from start [B, D] in units, which may be any method's value."""
        found = self.energy().climb(features, start[:, None])
        return Refinement(found.trajectory[:, 0], found.energy[:, 0])


Train = Callable[[ebm.EnergyFunction, Tensor, torch.Generator], Tensor]


def trainer_of(settings: EnergySettings, proposal: ebm.Proposal) -> Train:
    """The settings' loss of (energy, targets in its coordinates, generator)."""
    smallest = min(min(row) for row in proposal.sigmas)
    count = settings.samples
    trainers: dict[str, Train] = {
        "ml-is": lambda f, y, g: ebm.nll(f, proposal, y, count, g),
        "nce": lambda f, y, g: ebm_trainers.nce(f, proposal, y, count, g),
        "nce+": lambda f, y, g: ebm_trainers.nce_plus(f, proposal, y, count, g, settings.jitter),
        "kldis": lambda f, y, g: ebm_trainers.kldis(
            f, proposal, y, count, g, settings.kernel * smallest
        ),
        "mcmc": lambda f, y, g: ebm_trainers.mcmc(
            f, y, count, g, settings.langevin_steps, settings.langevin_length * smallest
        ),
        "dsm": lambda f, y, g: ebm_trainers.dsm(f, y, count, g, settings.noise * smallest),
        "sm": lambda f, y, g: ebm_trainers.sm(f, y),
    }
    return trainers[settings.trainer]
