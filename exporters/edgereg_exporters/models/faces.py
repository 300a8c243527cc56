"""The problem `faces`: one of its targets, with the backbone that all share, as an Exportable.

predict gives `values`, `std`, `interval` (the central 90 % of the calibrated density) and
`features`. Head pose with an energy (`faces-energy`) gets the `refine` and `density` graphs of one;
otherwise the log-density is traced. Landmarks have no density graph: 136 numbers are nothing to
draw slices through, and their standard deviations and intervals say the same.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import torch
from edgereg_training.faces.energy import EnergyOptions, energy_net
from edgereg_training.faces.net import TARGETS
from edgereg_training.faces.problem import FacesOptions, without_imagenet
from edgereg_training.loop.checkpoint import (
    best_checkpoint,
    load_best,
    load_weights,
    read_checkpoint,
)
from edgereg_training.loop.recipe import parse_options
from edgereg_training.methods.densities.levels import Levels
from edgereg_training.methods.layers import pooled
from edgereg_training.regression.net import RegressionNet
from torch import Tensor, nn

from edgereg_exporters.errors import ExportError
from edgereg_exporters.graphs import level_density
from edgereg_exporters.models.exportable import Exportable
from edgereg_exporters.models.regression import (
    IMAGES,
    energy_graphs,
    refinement_fields,
    traced_density,
    trial_points,
)
from edgereg_exporters.models.trial_images import trial_images

OUTPUTS = ("values", "std", "interval", "features")
TRAINING_DATA = (
    "Photographs: FairFace (CC BY 4.0, Karkkainen and Joo 2021, from YFCC-100M) and the Face "
    "Research Lab London Set (CC BY 4.0, DeBruine and Jones 2017); pose and points of photographs "
    "are pseudo-labels by MediaPipe's face landmarker (Apache-2.0). Heads rendered by edgereg from "
    "the MakeHuman base mesh and morph targets (CC0). Started from EfficientNet-Lite0's ImageNet "
    "weights (Apache-2.0)"
)
MOST_SLICES = 8


class Predict(nn.Module):
    """uint8 [B, S, S, 3] -> values [B, D], std [B, D], interval [B, D, 2], features [B, F]: the
    head's, or W_x g_x of its energy."""

    def __init__(self, net: RegressionNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """See the class."""
        features = self.net.extract(images)
        energy = self.net.head.energy()
        estimate = self.net.head if energy is None else energy.estimate
        assert estimate is not None  # noqa: S101  (energies of faces climb from an estimate)
        density = estimate.density(features)
        assert isinstance(density, Levels)  # noqa: S101  (the heads of faces are BEL's)
        return (
            estimate.value(features),
            *level_density.spread(density),
            features if energy is None else energy.network.project(pooled(features)),
        )


def exportable(checkpoint: Path, target: str | None) -> Exportable:
    """One target of a training or checkpoint folder; CheckpointError where it is not whole,
    ExportError where the target is not named or unknown."""
    if target not in TARGETS:
        known = ", ".join(TARGETS)
        raise ExportError(f"{checkpoint}: a run of 'faces' has {known}: say which with --target")
    faces, recipe = load_best(
        checkpoint, lambda recipe: without_imagenet(parse_options(FacesOptions, recipe))
    )
    options = parse_options(FacesOptions, recipe)
    net = RegressionNet(faces.backbone, faces.calibrated(target))
    return exportable_net(net, options, target, options.settings(target).name)


def exportable_energy(checkpoint: Path) -> Exportable:
    """Head pose with its energy; CheckpointError where the folder is not whole."""
    found = read_checkpoint(best_checkpoint(checkpoint))
    options = parse_options(EnergyOptions, found.recipe)
    run = parse_options(FacesOptions, read_checkpoint(best_checkpoint(options.faces)).recipe)
    net = energy_net(options, run)
    load_weights(net, found.weights)
    return exportable_net(net, run, "headpose", f"{run.headpose.name}+ebm")


def exportable_net(
    net: RegressionNet, options: FacesOptions, target: str, method: str
) -> Exportable:
    """A network of one target with the options of the run it comes from."""
    net.eval().requires_grad_(False)
    predict = Predict(net)
    example = torch.from_numpy(trial_images(IMAGES, options.size, options.size))
    energy = net.head.energy()
    fields: dict[str, Any] = {
        "task": target,
        "training_data": TRAINING_DATA,
        "method": method,
        "targets": [value.model_dump() for value in net.head.targets],
        "input": {
            "width": options.size,
            "height": options.size,
            "crop_scale": options.crop_scale,
            "crop_top": options.crop_top,
        },
        "features": ["features"],
    }
    if energy is not None:
        others = energy_graphs(energy)
        fields["refinement"] = refinement_fields(energy.ascent, len(net.head.targets))
    elif len(net.head.targets) > MOST_SLICES:
        others, fields["features"] = {}, []
    else:
        others = traced_density(net.head, predict, example)
    span = min(value.high - value.low for value in net.head.targets)
    return Exportable(
        predict=predict,
        example=example,
        outputs=OUTPUTS,
        multiple=None,
        others=others,
        spans=dict.fromkeys(("values", "std", "interval", "trajectory"), span),
        points=partial(trial_points, net.head),
        fields=fields,
    )
