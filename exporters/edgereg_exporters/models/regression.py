"""The problem `regression`: a backbone with the head of any method as an Exportable.

predict gives `values` (the method's decoder), `std` and `interval` of the final density (where the
method has an energy: of that), and `features`. A method with an energy gets
the analytic `refine` and `density` graphs, which take W_x g_x as features; any other method's
log-density is traced.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from edgereg_training.methods.ebm.energy import Ascent, HeadEnergy
from edgereg_training.methods.ebm.likelihood import refine
from edgereg_training.methods.ebm.target_energy import TargetEnergy
from edgereg_training.methods.layers import pooled
from edgereg_training.methods.method import Head
from edgereg_training.methods.registry import parse_method
from edgereg_training.regression.net import RegressionNet
from edgereg_training.regression.problem import RegressionProblem
from edgereg_training.regression.trained import load_trained
from torch import Tensor, nn

from edgereg.core.arrays import FloatArray
from edgereg.core.model_spec import GraphName
from edgereg_exporters.graphs import level_density
from edgereg_exporters.graphs.predict import export_density
from edgereg_exporters.graphs.target_graphs import target_density_graph, target_refine_graph
from edgereg_exporters.models.exportable import Arrays, Exportable, OtherGraph
from edgereg_exporters.models.trial_images import trial_images

OUTPUTS = ("values", "std", "interval", "features")
IMAGES, POINTS = 8, 8


class Predict(nn.Module):
    """uint8 [B, S, S, 3] -> values [B, D], std [B, D] and interval [B, D, 2] (the central 90 %) of
    the final density, features (the head's, or W_x g_x)."""

    def __init__(self, net: RegressionNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """See the class."""
        head = self.net.head
        features = self.net.extract(images)
        values = head.value(features)
        energy = head.energy()
        density = head.density(features) if energy is None else energy.density(features, values)
        shown = features if energy is None else energy.network.project(pooled(features))
        return values, *level_density.spread(density), shown


class LogDensity(nn.Module):
    """features as `Predict` gives them, grid [B, G, D] in units -> log p(y|x) [B, G]."""

    def __init__(self, head: Head) -> None:
        super().__init__()
        self.head = head

    def forward(self, features: Tensor, grid: Tensor) -> Tensor:
        """See the class."""
        return level_density.log_prob(self.head.density(features), grid)


def exportable(checkpoint: Path) -> Exportable:
    """The model of a training or checkpoint folder; CheckpointError where it is not whole."""
    trained = load_trained(checkpoint)
    return exportable_net(trained.net, trained.problem)


def exportable_net(net: RegressionNet, problem: RegressionProblem) -> Exportable:
    """A network with the problem it was trained on."""
    net.eval().requires_grad_(False)
    size = problem.options.size
    predict = Predict(net)
    example = torch.from_numpy(trial_images(IMAGES, size, size))
    energy = net.head.energy()
    others = traced_density(net.head, predict, example) if energy is None else energy_graphs(energy)
    span = min(target.high - target.low for target in net.head.targets)
    return Exportable(
        predict=predict,
        example=example,
        outputs=OUTPUTS,
        multiple=None,
        others=others,
        spans={"values": span, "std": span, "interval": span, "trajectory": span},
        points=partial(trial_points, net.head),
        fields=model_fields(net.head, problem),
        notes=net.head.notes(),
    )


def energy_graphs(energy: HeadEnergy) -> dict[GraphName, OtherGraph]:
    """The ascent and the density of an energy, written out from its weights."""
    weights, how = energy.network.weights(), energy.ascent
    return {
        "refine": OtherGraph(
            partial(target_refine_graph, weights, how),
            partial(refine_reference, energy.network, how),
        ),
        "density": OtherGraph(
            partial(target_density_graph, weights), partial(energy_reference, energy.network)
        ),
    }


def traced_density(head: Head, predict: nn.Module, example: Tensor) -> dict[GraphName, OtherGraph]:
    """The density of a method without an energy, as torch traces it; predict: gives the features
    last."""

    def build() -> onnx.ModelProto:
        with torch.no_grad():
            features = predict(example[:1])[-1]
        return export_density(LogDensity(head), features, len(head.targets))

    def reference(inputs: Arrays) -> Arrays:
        features, grid = (torch.from_numpy(inputs[name]) for name in ("features", "grid"))
        with torch.no_grad():
            return {"log_density": head.density(features).log_prob(grid).numpy()}

    return {"density": OtherGraph(build, reference, normalised=True)}


def refine_reference(net: TargetEnergy, how: Ascent, inputs: Arrays) -> Arrays:
    """The ascent by autograd, from the inputs of the `refine` graph."""
    projected = torch.from_numpy(inputs["features"])
    path, energy = refine(
        lambda points: net.of_projected(projected, points),
        net.normalise(torch.from_numpy(inputs["initial"])),
        int(inputs["steps"]),
        torch.from_numpy(inputs["step_length"]),
        float(inputs["decay"]),
        how.rule,
        how.best,
    )
    return {"trajectory": net.restore(path).numpy(), "energy": energy.numpy()}


def energy_reference(net: TargetEnergy, inputs: Arrays) -> Arrays:
    """f [B, G] from the inputs of the `density` graph."""
    projected, grid = (torch.from_numpy(inputs[name]) for name in ("features", "grid"))
    with torch.no_grad():
        return {"log_density": net.of_projected(projected, net.normalise(grid)).numpy()}


def trial_points(head: Head, outputs: Arrays) -> FloatArray:
    """Points within the ranges, [B, POINTS, D]: the values, and others ever farther from them."""
    values = outputs["values"]
    rng = np.random.default_rng(1)
    low = np.array([target.low for target in head.targets])
    high = np.array([target.high for target in head.targets])
    reach = np.linspace(0, 0.5, POINTS)[:, None] * (high - low)
    moved = values[:, None] + rng.uniform(-1, 1, (len(values), POINTS, len(low))) * reach
    inside = low + 0.002 * (high - low), high - 0.002 * (high - low)
    found: FloatArray = np.clip(moved, *inside).astype(np.float32)
    return found


def model_fields(head: Head, problem: RegressionProblem) -> dict[str, Any]:
    """The fields of `model.json` that follow from the recipe."""
    options, energy = problem.options, head.energy()
    method = options.method["name"]
    fields: dict[str, Any] = {
        "task": problem.target.name,
        "targets": [target.model_dump() for target in head.targets],
        "input": {
            "width": options.size,
            "height": options.size,
            "crop_scale": options.crop_scale,
        },
        "features": ["features"],
    }
    if energy is not None:
        fields["refinement"] = refinement_fields(energy.ascent, len(head.targets))
        estimate = parse_method(options.method).model_dump().get("estimate")
        if estimate is not None:
            method = f"{estimate['name']}+{method}"
    return {**fields, "method": method}


def refinement_fields(how: Ascent, targets: int) -> dict[str, Any]:
    """The ascent as `model.json` has it."""
    return {
        "steps": how.steps,
        "step_length": [how.step_length] * targets,
        "decay": how.decay,
        "rule": how.rule,
        "best": how.best,
    }
