"""The weights of a model folder of heads, to learn on from them.

The graph `predict` looks twice with the same layers, so its batch norms stand as they were learnt;
but for the one before the energy, which should be frozen ('detector.energy_features.0.1').
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import onnx
import torch
from torch import Tensor

from edgereg.models.folder import load_model
from edgereg_training.detection.model import HeadModel
from edgereg_training.detection.network import STRIDES
from edgereg_training.loop.errors import TrainingError
from edgereg_training.loop.model_weights import copy_layers, graph_weights


@torch.no_grad()
def read_back(model: HeadModel, folder: Path) -> None:
    """The folder's weights into the detector and the energy; how its deviations were calibrated is
    not taken over.

    Raises ModelFolderError for a folder that is none, TrainingError for one of another network.
    """
    found = load_model(folder)
    try:
        predict = onnx.load(found.graph_path("predict")).graph
        weights = graph_weights(predict)
        model.detector.level_scale.copy_(_level_scales(predict, weights))
        copy_layers(model.detector, weights, "detector.")
        energy = graph_weights(onnx.load(found.graph_path("density")).graph)
        energy["layer0_weight"] = _by_channel(energy["layer0_weight"], model.energy.pool)
        for index, layer in enumerate(model.energy.layers):
            for name, parameter in layer.named_parameters():
                parameter.copy_(energy[f"layer{index}_{name}"].reshape(parameter.shape))
    except (KeyError, RuntimeError) as error:
        raise TrainingError(f"{folder}: holds the weights of another network ({error})") from error


def _by_channel(weight: Tensor, pool: int) -> Tensor:
    """A first layer for values pooled as (bin of y, bin of x, channel), as a graph has them, for
    those that lie as (channel, bin of y, bin of x)."""
    return weight.reshape(len(weight), pool, pool, -1).permute(0, 3, 1, 2).flatten(1)


def _level_scales(graph: onnx.GraphProto, weights: Mapping[str, Tensor]) -> Tensor:
    """What multiplies the distances of each level [3], which a graph holds without a name: in the
    order of its nodes, the first look before the second."""
    distances = {
        node.output[0]
        for node in graph.node
        if node.op_type == "Conv" and node.input[1].startswith("detector.distances.weight")
    }
    scales = [
        weights[node.input[1]]
        for node in graph.node
        if node.op_type == "Mul" and node.input[0] in distances
    ]
    return torch.stack(scales[: len(STRIDES)])
