"""The training problem `faces-energy`: an energy of head pose on the features of a run of `faces`.

    problem: faces-energy
    options:
      faces: runs/faces
      shares: {fairface: 30, london: 16, rendered: 18}
      method: {name: ebm, sigmas: [1.5, 6.0, 24.0], in_units: true, unit: 10.0}

The run's backbone and its estimate stay as they are; f(x, y) of the EBM paper learns to tell true
poses from proposed ones on the same batches. The result is a network of one target, exported as
those of the problem `regression` are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from edgereg_training.faces.batches import Crops
from edgereg_training.faces.calibration import features_of, known
from edgereg_training.faces.problem import FacesOptions, FacesProblem, Shares, without_imagenet
from edgereg_training.loop.checkpoint import best_checkpoint, load_weights, read_checkpoint
from edgereg_training.loop.errors import RecipeError
from edgereg_training.loop.recipe import Recipe, Strict, parse_options
from edgereg_training.methods.bel.calibrated import CalibratedHead
from edgereg_training.methods.bel.calibration import calibrate, temperatures
from edgereg_training.methods.ebm.head import EnergyHead, EnergySettings
from edgereg_training.methods.registry import parse_method
from edgereg_training.regression.net import RegressionNet

TARGET = "headpose"
BATCH = 128


class EnergyOptions(Strict):
    """faces: a training or checkpoint folder of the problem `faces`. shares: of each batch, as
    there. method: settings of `ebm`; its estimate is the run's. epoch_images: crops an epoch."""

    faces: Path
    shares: Shares
    method: dict[str, Any]
    epoch_images: int = Field(default=12800, gt=0)

    def settings(self) -> EnergySettings:
        """Of the method; RecipeError where it is not ebm."""
        found = parse_method({**self.method, "estimate": None})
        if not isinstance(found, EnergySettings):
            raise RecipeError(f"'faces-energy' trains the method ebm, not {found.name}")
        return found


@dataclass(frozen=True)
class EnergyProblem:
    """The `loop.problem.Problem`; faces: that of the run."""

    options: EnergyOptions
    faces: FacesProblem
    weights: Mapping[str, Tensor]
    metric: str = "mae_refined"

    def build(self) -> RegressionNet:
        """The run's backbone and estimate, which do not learn, with a new energy."""
        net = energy_net(self.options, self.faces.options)
        faces = without_imagenet(self.faces.options)
        load_weights(faces, dict(self.weights))
        net.backbone.load_state_dict(faces.backbone.state_dict())
        assert isinstance(net.head, EnergyHead)  # noqa: S101  (built so)
        estimate = net.head.estimate
        assert estimate is not None  # noqa: S101
        estimate.load_state_dict(faces.calibrated(TARGET).state_dict())
        net.backbone.requires_grad_(False)
        estimate.requires_grad_(False)
        return net

    def steps(self) -> int:
        """Batches an epoch."""
        return self.options.epoch_images // self.faces.batch_size

    def batches(self, epoch: int, rng: np.random.Generator) -> Iterator[Crops]:
        """Those of the run."""
        for _, batch in zip(range(self.steps()), self.faces.batches(epoch, rng), strict=False):
            yield batch

    def loss(self, model: nn.Module, batch: Crops, generator: torch.Generator) -> dict[str, Tensor]:
        """The energy's, of the faces of which anything is known.

        The estimate stands for what is not: an angle without a label, and the place within an
        interval. Without it the energy would never see a photographed profile.
        """
        assert isinstance(model, RegressionNet)  # noqa: S101  (built by this problem)
        model.backbone.eval()
        pose = torch.from_numpy(batch.labels.pose)
        known = pose.isfinite().any(2).any(1)
        low, high = pose[known].unbind(2)
        with torch.no_grad():
            features = model.extract(torch.from_numpy(batch.images)[known])
            value = model.head.value(features)
        truth = torch.where(low.isfinite(), value.clamp(low, high), value)
        return model.head.loss(features, truth, generator)

    @cached_property
    def choosing(self) -> dict[str, Crops]:
        """The run's photographs and rendered heads, where the pose is known."""
        return self.faces.choosing

    def calibrate(self, model: RegressionNet) -> None:
        """Calibrate the estimate on both kinds of faces."""
        assert isinstance(model.head, EnergyHead)  # noqa: S101  (built so)
        estimate = model.head.estimate
        assert isinstance(estimate, CalibratedHead)  # noqa: S101
        crops = tuple(self.choosing.values())
        features = [features_of(model.extract, part) for part in crops]
        labels = [torch.from_numpy(known(part, TARGET)) for part in crops]
        calibrate(estimate, features, labels, temperatures)

    def validate(self, model: nn.Module) -> dict[str, float]:
        """Mean errors of the estimate and refined, of photographs and rendered heads, and their
        mean over both, `mae_refined`."""
        assert isinstance(model, RegressionNet)  # noqa: S101  (built by this problem)
        found: dict[str, float] = {}
        for source, crops in self.choosing.items():
            before, after = errors(model, crops)
            found |= {f"{source}_mae": before, f"{source}_mae_refined": after}
        refined = [value for name, value in found.items() if name.endswith("refined")]
        return found | {"mae_refined": float(np.mean(refined))}


def errors(model: RegressionNet, crops: Crops) -> tuple[float, float]:
    """Mean absolute errors of the estimate, and after refinement."""
    pose = crops.labels.pose
    exact = np.flatnonzero((pose[..., 0] == pose[..., 1]).all(1))
    before, after = [], []
    for start in range(0, len(exact), BATCH):
        rows = exact[start : start + BATCH]
        with torch.no_grad():
            features = model.extract(torch.from_numpy(crops.images[rows]))
            value = model.head.value(features)
        climbed = model.head.refine(features, value)
        assert climbed is not None  # noqa: S101  (an energy refines)
        truth = torch.from_numpy(pose[rows, :, 0])
        before.append((value - truth).abs())
        after.append((climbed.trajectory[:, -1].detach() - truth).abs())
    return float(torch.cat(before).mean()), float(torch.cat(after).mean())


def energy_net(options: EnergyOptions, run: FacesOptions) -> RegressionNet:
    """A network like the run's with its head of pose as the estimate of a new energy."""
    faces = without_imagenet(run)
    estimate = faces.calibrated(TARGET)
    shape = faces.backbone.shape("vector")
    head = EnergyHead(options.settings(), estimate, shape, estimate.targets)
    return RegressionNet(faces.backbone, head)


def problem(recipe: Recipe) -> EnergyProblem:
    """The problem of a recipe; CheckpointError where the run it stands on is not whole."""
    options = parse_options(EnergyOptions, recipe)
    options.settings()
    found = read_checkpoint(best_checkpoint(options.faces))
    run = parse_options(FacesOptions, found.recipe).model_copy(update={"shares": options.shares})
    faces = FacesProblem(run, recipe.batch_size)
    return EnergyProblem(options, faces, found.weights)
