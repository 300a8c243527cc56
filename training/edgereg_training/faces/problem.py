"""The training problem `faces`: pose, 68 points and age of a head from one network.

    problem: faces
    options:
      fairface: data/fairface
      london: data/london
      rendered: [data/heads-wide, data/heads-biwi]
      validation: [data/heads-val]
      found: data/found-boxes.npz
      found_share: 0.6
      backbone: {name: efficientnet-lite0, imagenet: true, frozen: 2}

Each batch holds fixed shares of the three sources. What a photograph is not labelled with costs
nothing. `edgereg export RUN OUT --target age` makes a model folder of one head with the backbone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from edgereg_training.backbones import parse_backbone
from edgereg_training.backbones.backbone import Backbone
from edgereg_training.faces.batches import Crops, augmented, framed_at_random, joined, plain
from edgereg_training.faces.calibration import calibrate_faces
from edgereg_training.faces.found import with_found_boxes
from edgereg_training.faces.losses import interval_nll, weighted_mean
from edgereg_training.faces.net import TARGETS, FacesNet, log_levels
from edgereg_training.faces.photographs import fairface, london
from edgereg_training.faces.read_back import read_back
from edgereg_training.faces.scores import scores
from edgereg_training.faces.sets import FaceSet, rendered_faces, without_top
from edgereg_training.loop.recipe import Recipe, Strict, parse_options
from edgereg_training.methods.bel.head import BelHead, BelSettings
from edgereg_training.regression.augmentation import StrongAugmentation
from edgereg_training.regression.target import target_of

# Photographs of FairFace's training part that choose the epoch and calibrate, and are not learnt.
CHOOSING = 600


class Shares(Strict):
    """Faces of each source in a batch; they sum to the batch's size."""

    fairface: int = Field(ge=0)
    london: int = Field(ge=0)
    rendered: int = Field(ge=0)


class FacesOptions(Strict):
    """The keys of a faces recipe.

    fairface, london: folders as published, see `photographs`. rendered, validation: folders of
    rendered heads, to learn and to choose. size: of the crops; they lie about the head's box
    without its upper `crop_top`, and have `crop_scale` times its longer side. found: file that
    keeps the boxes that the bundled detector finds in the photographs, which are looked for once;
    found_share: of the photographs' crops, those about such a box; the others lie about a box made
    of the labels. shares: of each batch. epoch_images: crops an epoch. headpose, landmarks, age:
    settings of each BEL head. weights: of the three losses; a head of weight 0 is not learnt.
    nearness: of the mean distance of the expected points, in percent of the crop, beside their
    likelihood.
    """

    fairface: Path
    london: Path
    rendered: tuple[Path, ...] = Field(min_length=1)
    validation: tuple[Path, ...] = Field(min_length=1)
    size: int = Field(default=96, ge=32)
    crop_scale: float = Field(default=1.15, gt=0)
    crop_top: float = Field(default=0.25, ge=0, lt=1)
    found: Path | None = None
    found_share: float = Field(default=0.6, ge=0, le=1)
    shares: Shares
    epoch_images: int = Field(default=16000, gt=0)
    augmentation: StrongAugmentation = StrongAugmentation()
    backbone: dict[str, Any]
    headpose: BelSettings = BelSettings(step=1.0)
    landmarks: BelSettings = BelSettings(levels=129, theta=12)
    age: BelSettings = BelSettings(code="U", levels=101)
    weights: tuple[float, float, float] = (1.0, 1.0, 1.0)
    nearness: float = Field(default=0.5, ge=0)

    def settings(self, target: str) -> BelSettings:
        """Of one of TARGETS."""
        found: BelSettings = getattr(self, target)
        return found


@dataclass(frozen=True)
class FacesProblem:
    """The `loop.problem.Problem` of faces."""

    options: FacesOptions
    batch_size: int
    metric: str = "score"

    @cached_property
    def sources(self) -> dict[str, FaceSet]:
        """What is learnt, by the names of the shares."""
        options = self.options
        sets = {
            "fairface": self._found(fairface(options.fairface, "train", slice(CHOOSING, None))),
            "london": self._found(london(options.london, "train")),
            "rendered": rendered_faces(options.rendered),
        }
        return {name: without_top(faces, options.crop_top) for name, faces in sets.items()}

    @cached_property
    def choosing(self) -> dict[str, Crops]:
        """What chooses the epoch: photographs, about the boxes found where the detector is asked,
        and rendered heads of people not learnt."""
        options = self.options
        sets = {
            "photo": self._found(fairface(options.fairface, "train", slice(CHOOSING))).framed(),
            "rendered": rendered_faces(options.validation),
        }
        return {
            name: plain(without_top(faces, options.crop_top), options.size, options.crop_scale)
            for name, faces in sets.items()
        }

    def _found(self, photographs: FaceSet) -> FaceSet:
        kept = self.options.found
        return photographs if kept is None else with_found_boxes(photographs, kept)

    def build(self) -> FacesNet:
        """A new network."""
        backbone = parse_backbone(self.options.backbone).build(self.options.size)
        return build_net(self.options, backbone)

    def read_back(self, model: nn.Module, folder: Path) -> None:
        """The backbone and one head of a model folder, see `read_back.read_back`."""
        assert isinstance(model, FacesNet)  # noqa: S101  (built by this problem)
        read_back(model, folder)

    def steps(self) -> int:
        """Batches an epoch."""
        return self.options.epoch_images // self.batch_size

    def batches(self, epoch: int, rng: np.random.Generator) -> Iterator[Crops]:
        """Augmented crops of faces drawn from each source without repetition while they last."""
        options, steps = self.options, self.steps()
        chosen = {
            name: np.resize(rng.permutation(len(faces)), (steps, getattr(options.shares, name)))
            for name, faces in self.sources.items()
        }
        for step in range(steps):
            yield joined(
                [
                    augmented(
                        framed_at_random(faces.take(chosen[name][step]), options.found_share, rng),
                        options.size,
                        options.crop_scale,
                        options.augmentation,
                        rng,
                    )
                    for name, faces in self.sources.items()
                    if getattr(options.shares, name)
                ]
            )

    def loss(self, model: nn.Module, batch: Crops, generator: torch.Generator) -> dict[str, Tensor]:
        """The weighted sum of the three heads' losses."""
        assert isinstance(model, FacesNet)  # noqa: S101  (built by this problem)
        features, options = model.features(torch.from_numpy(batch.images)), self.options
        losses = {
            "headpose": lambda head: pose_loss(head, features, batch),
            "landmarks": lambda head: points_loss(
                head, features, batch, options.size, options.nearness
            ),
            "age": lambda head: age_loss(head, features, batch),
        }
        weights = self.weights
        parts = {target: losses[target](model.head(target)) for target in weights}
        weighted = torch.stack([weights[target] * part for target, part in parts.items()])
        return {"loss": weighted.sum(), **parts}

    @property
    def weights(self) -> dict[str, float]:
        """Of the losses of what is learnt."""
        both = zip(TARGETS, self.options.weights, strict=True)
        return {target: weight for target, weight in both if weight}

    def calibrate(self, model: nn.Module) -> None:
        """Calibrate the densities on photographs and rendered heads; takes as long as an epoch may,
        so it is left to `edgereg calibrate`."""
        assert isinstance(model, FacesNet)  # noqa: S101  (built by this problem)
        calibrate_faces(model, tuple(self.choosing.values()))

    def validate(self, model: nn.Module) -> dict[str, float]:
        """`scores.scores` of photographs and rendered heads, and `score`, the sum over what is
        learnt that chooses."""
        assert isinstance(model, FacesNet)  # noqa: S101  (built by this problem)
        found = {
            f"{source}_{name}": value
            for source, crops in self.choosing.items()
            for name, value in scores(model, crops).items()
        }
        pose = found["photo_mae"] + 0.5 * found["rendered_mae"]
        points = found["photo_nme"] + 0.5 * found["rendered_nme"]
        wrong = 1 - found["photo_right_bin"]
        parts = {"headpose": pose / 3, "landmarks": points / 4, "age": 2 * wrong}
        return found | {"score": sum(parts[target] for target in self.weights)}


def build_net(options: FacesOptions, backbone: Backbone) -> FacesNet:
    """The backbone with new heads."""
    heads: dict[str, BelHead] = {
        target: options.settings(target).head(
            backbone.shape("vector"), target_of(target, options.size).values
        )
        for target in TARGETS
    }
    return FacesNet(backbone, heads)


def without_imagenet(options: FacesOptions) -> FacesNet:
    """The run's network, whose weights come from its checkpoint."""
    backbone = parse_backbone({**options.backbone, "imagenet": False}).build(options.size)
    return build_net(options, backbone)


def pose_loss(head: BelHead, features: Tensor, batch: Crops) -> Tensor:
    """Mean over faces of the angles' negative log-likelihoods, summed."""
    pose, weight = (torch.from_numpy(a) for a in (batch.labels.pose, batch.labels.pose_weight))
    parts = [
        _known(head, index, log_p, pose[:, index], weight)
        for index, log_p in enumerate(log_levels(head, features))
    ]
    return torch.stack(parts).sum()


def age_loss(head: BelHead, features: Tensor, batch: Crops) -> Tensor:
    """The mean negative log-likelihood of years and of intervals of years."""
    age = torch.from_numpy(batch.labels.age)
    return _known(head, 0, log_levels(head, features)[0], age, torch.ones(len(age)))


def _known(head: BelHead, index: int, log_p: Tensor, ends: Tensor, weight: Tensor) -> Tensor:
    """Of one target, whose intervals [B, 2] are NaN where unknown."""
    known = ends[:, 0].isfinite()
    quantiser = head.codec.quantisers[index]
    last = quantiser.levels - 1
    position = quantiser.position(ends.nan_to_num(0.0)).clamp(0, last)
    losses = interval_nll(log_p, position[:, 0], position[:, 1])
    return weighted_mean(losses, weight * known)


def points_loss(
    head: BelHead, features: Tensor, batch: Crops, size: int, nearness: float
) -> Tensor:
    """Mean over coordinates of the negative log-likelihood, and of the expected value's distance
    in percent of the crop times `nearness`."""
    logits = torch.stack(head.bits(features), 1)
    log_p = torch.log_softmax(logits @ head.codec.words(0).T, -1)
    points = torch.from_numpy(batch.labels.points).flatten(1)
    inside = ((points > 0) & (points < size)).float()
    weight = torch.from_numpy(batch.labels.point_weight).repeat_interleave(2, 1) * inside
    quantiser = head.codec.quantisers[0]
    position = quantiser.position(points.nan_to_num(0.0)).clamp(0, quantiser.levels - 1)
    flat = position.flatten()
    nll = interval_nll(log_p.flatten(0, 1), flat, flat)
    levels = torch.arange(quantiser.levels, dtype=log_p.dtype)
    expected = (log_p.exp() @ levels).flatten()
    distance = 100 / size * quantiser.step * (expected - flat).abs()
    return weighted_mean(nll + nearness * distance, weight.flatten())


def problem(recipe: Recipe) -> FacesProblem:
    """The faces problem of a recipe; RecipeError where its parts are unknown."""
    options = parse_options(FacesOptions, recipe)
    parse_backbone(options.backbone)
    return FacesProblem(options, recipe.batch_size)
