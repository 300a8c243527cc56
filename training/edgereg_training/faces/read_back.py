"""The weights of a model folder of head pose, landmarks or age, to learn on from them.

Their batch norms are folded away (`loop.model_weights`), so training must keep their statistics
(`backbone: {keep_norms: true}`).
"""

from __future__ import annotations

from pathlib import Path

import onnx
import torch

from edgereg.models.folder import load_model
from edgereg_training.backbones.efficientnet_lite import Lite0
from edgereg_training.faces.net import TARGETS, FacesNet
from edgereg_training.loop.errors import TrainingError
from edgereg_training.loop.model_weights import copy_layers, graph_weights

# How a graph names a head: alone, or as the estimate that an energy refines.
HEADS = ("net.head.head.", "net.head.estimate.head.")


@torch.no_grad()
def read_back(net: FacesNet, folder: Path) -> None:
    """The folder's weights into the backbone and the head of its task.

    Raises ModelFolderError for a folder that is none, TrainingError for one of another network or
    where the backbone's norms don't keep their statistics.
    """
    model = load_model(folder)
    if not (isinstance(net.backbone, Lite0) and net.backbone.keep_norms):
        raise TrainingError(
            f"{folder}: to begin with a model's weights takes the backbone efficientnet-lite0 "
            "with keep_norms: true"
        )
    if model.spec.task not in TARGETS:
        raise TrainingError(f"{folder}: a model of '{model.spec.task}', not of faces")
    weights = graph_weights(onnx.load(model.graph_path("predict")).graph)
    try:
        copy_layers(net.backbone, weights, "net.backbone.")
        head = net.head(model.spec.task)
        prefix = next(p for p in HEADS if any(name.startswith(p) for name in weights))
        for name, ours in head.named_parameters():
            ours.copy_(weights[prefix + name])
    except (KeyError, RuntimeError, StopIteration) as error:
        raise TrainingError(f"{folder}: holds the weights of another network ({error})") from error
