"""Head pose: a trained PoseNet as an Exportable."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from edgereg_training import ebm
from edgereg_training.headpose_export import (
    PREDICT_OUTPUTS,
    PosePredict,
    load_pose,
    model_fields,
    model_notes,
)
from edgereg_training.target_energy import DenseWeights
from edgereg_training.target_energy import TargetEnergy as TorchEnergy

from edgereg_exporters.energies import Dense, FloatArray, TargetEnergy
from edgereg_exporters.exportable import Arrays, Exportable
from edgereg_exporters.trial_images import trial_images

IMAGES = 8
STARTS = np.array([[0, 0, 0], [4, -3, 2], [-8, 6, 5], [25, -15, 20]], np.float32)


def exportable(checkpoint: Path) -> Exportable:
    """The model of a training or checkpoint folder; CheckpointError where it is not whole."""
    net, recipe = load_pose(checkpoint)
    net.requires_grad_(False)
    fields = model_fields(recipe)
    span = min(target["high"] - target["low"] for target in fields["targets"])
    size = net.model.size
    return Exportable(
        predict=PosePredict(net),
        example=torch.from_numpy(trial_images(IMAGES, size, size)),
        outputs=PREDICT_OUTPUTS,
        multiple=None,
        energy=target_energy(net.energy),
        references={
            "refine": lambda inputs: refine_reference(net.energy, inputs),
            "density": lambda inputs: {"log_density": energy_reference(net.energy, inputs)},
        },
        spans={"values": span, "std": span, "trajectory": span},
        unordered=(),
        points=lambda outputs: outputs["values"][:, None] + STARTS,
        fields=fields,
        notes=model_notes(),
    )


def target_energy(net: TorchEnergy) -> TargetEnergy:
    """The weights of f for the graph builders; they act on `features` = W_x g_x."""
    w = net.weights()
    return TargetEnergy(
        scale=w.scale,
        centre=w.centre,
        target_layers=_layers(w.target_layers),
        feature_weight=w.feature_weight,
        target_weight=w.target_weight,
        bias=w.bias,
        activation=w.activation,
        trunk=_layers(w.trunk),
    )


def _layers(layers: tuple[DenseWeights, ...]) -> tuple[Dense, ...]:
    return tuple(Dense(layer.weight, layer.bias, layer.activation) for layer in layers)


def refine_reference(net: TorchEnergy, inputs: Arrays) -> Arrays:
    """Algorithm 1 by autograd, from the inputs of the `refine` graph."""
    initial = torch.from_numpy(inputs["initial"])
    image = torch.from_numpy(inputs["features"])[:, None]
    path, energy = ebm.refine(
        lambda points: _projected(net, image, points),
        net.normalise(initial),
        int(inputs["steps"]),
        torch.from_numpy(inputs["step_length"]),
        float(inputs["decay"]),
    )
    return {"trajectory": (path * net.scale + net.centre).numpy(), "energy": energy.numpy()}


def energy_reference(net: TorchEnergy, inputs: Arrays) -> FloatArray:
    """f [B, G] from the inputs of the `density` graph."""
    image = torch.from_numpy(inputs["features"])[:, None]
    points = net.normalise(torch.from_numpy(inputs["grid"]))
    with torch.no_grad():
        found: FloatArray = _projected(net, image, points).numpy()
    return found


def _projected(net: TorchEnergy, image: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """f [..., K] of projected features [..., 1, h] at normalised points [..., K, D]."""
    joint = image + net.from_features.bias + net.from_target(net.target(points))
    value: torch.Tensor = net.trunk(net.activation(joint))[..., 0]
    return value
