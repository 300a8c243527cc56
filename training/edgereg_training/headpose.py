"""Head pose as a training problem: BEL with a cross entropy on its correlations, and an energy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from pydantic import Field
from torch import nn

from edgereg_training import bel, ebm
from edgereg_training.headpose_augment import Augmentation
from edgereg_training.headpose_data import (
    Crops,
    Heads,
    augmented_batches,
    load_heads,
    plain_crops,
)
from edgereg_training.headpose_evaluation import ANGLES, USUAL_RANGE
from edgereg_training.headpose_net import PoseModel, PoseNet
from edgereg_training.headpose_refine import PoseRefinement, predict
from edgereg_training.recipe import Recipe, Strict, parse_options


class PoseOptions(Strict):
    """The head-pose keys of a recipe.

    train, validation: folders of rendered heads. epoch_images: crops an epoch (None: one of each
    head). crop_scale: side of the crop over the longer side of the head's box. bel_loss: see `bel`.
    energy_weight: of the energy's NLL against the BEL loss; samples: M of the NLL; sigmas: the
    proposal's deviations in degrees.
    """

    train: tuple[Path, ...] = Field(min_length=1)
    validation: tuple[Path, ...] = Field(min_length=1)
    epoch_images: int | None = Field(default=None, gt=0)
    crop_scale: float = Field(default=1.2, gt=0)
    model: PoseModel = PoseModel()
    augmentation: Augmentation = Augmentation()
    bel_loss: bel.Loss = "CE"
    energy_weight: float = Field(default=1.0, ge=0)
    samples: int = Field(default=128, gt=0)
    sigmas: tuple[float, ...] = (1.5, 6.0, 24.0)
    refinement: PoseRefinement = PoseRefinement()


@dataclass(frozen=True)
class PoseProblem:
    """The `problem.Problem` of head pose."""

    options: PoseOptions
    batch_size: int
    metric: str = "mae"

    @cached_property
    def heads(self) -> Heads:
        """The training heads."""
        return load_heads(self.options.train)

    @cached_property
    def validation(self) -> Crops:
        """Validation crops from true boxes, not augmented."""
        heads = load_heads(self.options.validation)
        return plain_crops(heads, self.options.model.size, self.options.crop_scale)

    def build(self) -> nn.Module:
        """A new PoseNet."""
        return PoseNet(self.options.model)

    def steps(self) -> int:
        """Batches an epoch."""
        return (self.options.epoch_images or len(self.heads)) // self.batch_size

    def batches(self, epoch: int, rng: np.random.Generator) -> Iterator[Crops]:
        """Augmented crops."""
        return augmented_batches(
            self.heads,
            self.batch_size,
            self.options.model.size,
            self.options.crop_scale,
            self.options.augmentation,
            self.steps(),
            rng,
        )

    def loss(
        self, model: nn.Module, batch: Crops, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """BEL loss summed over the angles, and the energy's importance-sampled NLL."""
        assert isinstance(model, PoseNet)  # noqa: S101  (built by this problem)
        features = model.extract(torch.from_numpy(batch.images))
        poses = torch.from_numpy(batch.poses)
        with torch.autocast("cpu", enabled=False):
            features = features.float()
            estimate = self._bel_loss(model, model.bits(features), poses)
            energy = self._energy_loss(model, features, poses, generator)
        total = estimate + self.options.energy_weight * energy
        return {"loss": total, "bel": estimate, "nll": energy}

    def _bel_loss(
        self, model: PoseNet, logits: tuple[torch.Tensor, ...], poses: torch.Tensor
    ) -> torch.Tensor:
        losses = [
            bel.loss(
                logits[index],
                quantiser.position(poses[:, index]),
                model.code(index),
                self.options.bel_loss,
            )
            for index, quantiser in enumerate(model.model.quantisers())
        ]
        return torch.stack(losses).sum()

    def _energy_loss(
        self,
        model: PoseNet,
        features: torch.Tensor,
        poses: torch.Tensor,
        generator: torch.Generator,
    ) -> torch.Tensor:
        scale = model.energy.scale.tolist()
        proposal = ebm.Proposal([[sigma / s for s in scale] for sigma in self.options.sigmas])
        return ebm.nll(
            lambda points: model.energy(features, points),
            proposal,
            model.energy.normalise(poses),
            self.options.samples,
            generator,
        )

    def validate(self, model: nn.Module) -> dict[str, float]:
        """Mean absolute errors in degrees, over all and within the usual range."""
        assert isinstance(model, PoseNet)  # noqa: S101  (built by this problem)
        crops = self.validation
        found = predict(model, crops.images, self.options.refinement)
        errors = np.abs(found.values - crops.poses)
        refined = np.abs(found.refined - crops.poses)
        usual = (np.abs(crops.poses) < USUAL_RANGE).all(axis=1)
        metrics = {
            "mae": float(errors.mean()),
            "mae_refined": float(refined.mean()),
            "usual_mae": float(errors[usual].mean()),
            "usual_mae_refined": float(refined[usual].mean()),
            "std": float(found.std.mean()),
        }
        each = {f"mae_{name}": float(errors[:, i].mean()) for i, name in enumerate(ANGLES)}
        return metrics | each


def problem(recipe: Recipe) -> PoseProblem:
    """The head-pose problem of a recipe."""
    return PoseProblem(parse_options(PoseOptions, recipe), recipe.batch_size)
