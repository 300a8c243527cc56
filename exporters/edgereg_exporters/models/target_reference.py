"""An energy over a few numbers in torch: its weights for the graphs, and what they must compute."""

from __future__ import annotations

import torch
from edgereg_training.methods.ebm import likelihood as ebm
from edgereg_training.methods.ebm.target_energy import DenseWeights
from edgereg_training.methods.ebm.target_energy import TargetEnergy as TorchEnergy

from edgereg_exporters.graphs.energies import Dense, FloatArray, TargetEnergy
from edgereg_exporters.graphs.every_step import ALGORITHM_1, Ascent
from edgereg_exporters.models.exportable import Arrays


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


def refine_reference(net: TorchEnergy, inputs: Arrays, how: Ascent = ALGORITHM_1) -> Arrays:
    """The ascent by autograd, from the inputs of the `refine` graph."""
    initial = torch.from_numpy(inputs["initial"])
    image = torch.from_numpy(inputs["features"])[:, None]
    path, energy = ebm.refine(
        lambda points: _projected(net, image, points),
        net.normalise(initial),
        int(inputs["steps"]),
        torch.from_numpy(inputs["step_length"]),
        float(inputs["decay"]),
        how.rule,
        how.best,
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
