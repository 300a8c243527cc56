"""The problem `regression`: a backbone with the head of any method as an Exportable.

predict gives `values` (the method's decoder), `std` and `features`. A method with an energy gets
the analytic `refine` and `density` graphs, which take W_x g_x as features; any other method's
log-density is traced.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from edgereg_training.backbones import parse_backbone
from edgereg_training.loop.checkpoint import best_checkpoint, load_weights, read_checkpoint
from edgereg_training.loop.recipe import parse_options
from edgereg_training.methods.ebm.head import EnergyHead
from edgereg_training.methods.method import Density, Head
from edgereg_training.methods.per_target import IndependentHead
from edgereg_training.methods.regcls.head import RegClsHead
from edgereg_training.methods.registry import parse_method
from edgereg_training.regression.labels import label_of
from edgereg_training.regression.net import RegressionNet, build_net
from edgereg_training.regression.problem import RegressionOptions
from torch import Tensor, nn

from edgereg.core.model_spec import Target
from edgereg_exporters.graphs import level_density
from edgereg_exporters.graphs.energies import FloatArray
from edgereg_exporters.graphs.every_step import ALGORITHM_1, Ascent
from edgereg_exporters.models.exportable import Arrays, Exportable, Reference
from edgereg_exporters.models.target_reference import (
    energy_reference,
    refine_reference,
    target_energy,
)
from edgereg_exporters.models.trial_images import trial_images

OUTPUTS = ("values", "std", "features")
IMAGES, POINTS = 8, 8
NOT_REFINED = (
    "## Refinement\n\n"
    "Each target has an energy of its own, on features of its own. The values are those before\n"
    "refinement: these graphs climb only an energy that all targets share."
)


class Predict(nn.Module):
    """uint8 [B, S, S, 3] -> values [B, D], std [B, D], features (the head's, or W_x g_x)."""

    def __init__(self, net: RegressionNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See the class."""
        head = self.net.head
        features = self.net.extract(images)
        values = head.value(features)
        std = level_density.std(_spread(head, features, values))
        energy = energy_head(head)
        return values, std, features if energy is None else _projected(energy, features)


class LogDensity(nn.Module):
    """features as `Predict` gives them, grid [B, G, D] in units -> log p(y|x) [B, G]."""

    def __init__(self, head: Head) -> None:
        super().__init__()
        self.head = head

    def forward(self, features: Tensor, grid: Tensor) -> Tensor:
        """See the class."""
        return level_density.log_prob(self.head.density(features), grid)


def energy_head(head: Head) -> EnergyHead | None:
    """The energy of a method that has one."""
    if isinstance(head, RegClsHead):
        return energy_head(head.regression)
    return head if isinstance(head, EnergyHead) else None


def _spread(head: Head, features: Tensor, values: Tensor) -> Density:
    """The density that gives `std`: that of an energy takes a thousand samples, so its estimate's
    where it has one; without one, the search for the value has cost as much already."""
    energy = energy_head(head)
    if energy is None:
        return head.density(features)
    if energy.estimate is None:
        return energy.density(features, values)
    return energy.estimate.density(features)


def _projected(energy: EnergyHead, features: Tensor) -> Tensor:
    vectors = features.mean((2, 3)) if features.ndim == 4 else features
    return energy.energy.project(vectors)


def exportable(checkpoint: Path) -> Exportable:
    """The model of a training or checkpoint folder; CheckpointError where it is not whole."""
    found = read_checkpoint(best_checkpoint(checkpoint))
    options = parse_options(RegressionOptions, found.recipe)
    label = label_of(options.target, options.size)
    backbone = parse_backbone(options.backbone).build(options.size)
    net = build_net(backbone, parse_method(options.method), label.targets)
    load_weights(net, found.weights)
    return exportable_net(net, options)


def exportable_net(net: RegressionNet, options: RegressionOptions) -> Exportable:
    """A network with the options it was trained by."""
    net.eval().requires_grad_(False)
    targets = net.head.targets
    energy = energy_head(net.head)
    span = min(target.high - target.low for target in targets)
    return Exportable(
        predict=Predict(net),
        example=torch.from_numpy(trial_images(IMAGES, options.size, options.size)),
        outputs=OUTPUTS,
        multiple=None,
        energy=None if energy is None else target_energy(energy.energy),
        density=None if energy is not None else LogDensity(net.head),
        references=_references(net.head, energy),
        spans={"values": span, "std": span, "trajectory": span},
        unordered=(),
        points=lambda outputs: _points(outputs["values"], targets),
        fields=_fields(net, options, energy),
        ascent=ascent_of(energy),
        notes=_notes(net.head),
    )


def ascent_of(energy: EnergyHead | None) -> Ascent:
    """The recipe's."""
    if energy is None:
        return ALGORITHM_1
    how = energy.settings.refinement
    return Ascent(how.rule, how.best)


def _references(head: Head, energy: EnergyHead | None) -> dict[str, Reference]:
    if energy is None:

        def density(inputs: Arrays) -> Arrays:
            features, grid = (torch.from_numpy(inputs[name]) for name in ("features", "grid"))
            with torch.no_grad():
                return {"log_density": head.density(features).log_prob(grid).numpy()}

        return {"density": density}
    net, how = energy.energy, ascent_of(energy)
    return {
        "refine": lambda inputs: refine_reference(net, inputs, how),
        "density": lambda inputs: {"log_density": energy_reference(net, inputs)},
    }


def _points(values: FloatArray, targets: tuple[Target, ...]) -> FloatArray:
    """Points within the ranges, [B, POINTS, D]: the values, and others ever farther from them."""
    rng = np.random.default_rng(1)
    low = np.array([target.low for target in targets])
    high = np.array([target.high for target in targets])
    reach = np.linspace(0, 0.5, POINTS)[:, None] * (high - low)
    moved = values[:, None] + rng.uniform(-1, 1, (len(values), POINTS, len(targets))) * reach
    inside = low + 0.002 * (high - low), high - 0.002 * (high - low)
    found: FloatArray = np.clip(moved, *inside).astype(np.float32)
    return found


def _fields(
    net: RegressionNet, options: RegressionOptions, energy: EnergyHead | None
) -> dict[str, Any]:
    """The fields of `model.json` that follow from the recipe."""
    fields: dict[str, Any] = {
        "task": options.target,
        "method": _method(options.method["name"], energy),
        "targets": [target.model_dump() for target in net.head.targets],
        "input": {
            "width": options.size,
            "height": options.size,
            "crop_scale": options.crop_scale,
        },
        "features": ["features"],
    }
    if energy is not None:
        how = energy.settings.refinement
        fields["refinement"] = {
            "steps": how.steps,
            "step_length": [how.step_length] * len(net.head.targets),
            "decay": how.decay,
            "rule": how.rule,
            "best": how.best,
        }
    return fields


def _method(name: str, energy: EnergyHead | None) -> str:
    """The recipe's method; of an energy also that of the estimate which it refines."""
    estimate = None if energy is None or name != "ebm" else energy.settings.estimate
    return name if estimate is None else f"{estimate['name']}+{name}"


def _notes(head: Head) -> tuple[str, ...]:
    """What the recipe has and the graphs have not."""
    parts = head.heads if isinstance(head, IndependentHead) else ()
    climbs = any(isinstance(part, Head) and energy_head(part) is not None for part in parts)
    return (NOT_REFINED,) if climbs else ()
