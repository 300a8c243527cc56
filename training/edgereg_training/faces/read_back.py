"""The weights of a model folder of head pose, landmarks or age, to learn on from them.

An exported graph has its batch norms folded into the layers before them. Read back they stand for
nothing: identity, but for the offset. So training must keep their statistics
(`backbone: {keep_norms: true}`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from edgereg.models.folder import load_model
from edgereg_training.backbones.efficientnet_lite import NORMS, Lite0
from edgereg_training.faces.net import TARGETS, FacesNet
from edgereg_training.loop.errors import TrainingError

LAYERS = nn.Conv2d | nn.Linear
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
    weights = _weights(model.graph_path("predict"))
    try:
        _copy_folded(net.backbone, weights)
        head = net.head(model.spec.task)
        prefix = next(p for p in HEADS if any(name.startswith(p) for name in weights))
        for name, ours in head.named_parameters():
            ours.copy_(weights[prefix + name])
    except (KeyError, RuntimeError, StopIteration) as error:
        raise TrainingError(f"{folder}: holds the weights of another network ({error})") from error


def _weights(graph: Path) -> dict[str, Tensor]:
    """FP32, by name; those that are kept in FP16 lose their mark."""
    return {
        each.name.removesuffix("_fp16"): torch.from_numpy(
            numpy_helper.to_array(each).copy()
        ).float()
        for each in onnx.load(graph).graph.initializer
        if each.data_type in (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16)
    }


def _copy_folded(backbone: nn.Module, weights: Mapping[str, Tensor]) -> None:
    before = ""  # the layer that a norm follows, and was folded into
    for name, module in backbone.named_modules():
        if isinstance(module, LAYERS):
            before = name
            module.weight.copy_(weights[f"net.backbone.{name}.weight"].reshape(module.weight.shape))
            if module.bias is not None:
                module.bias.copy_(weights[f"net.backbone.{name}.bias"])
        elif isinstance(module, NORMS):
            _make_identity(module)
            module.bias.copy_(weights[f"net.backbone.{before}.weight_bias"])


def _make_identity(norm: nn.BatchNorm1d | nn.BatchNorm2d) -> None:
    assert norm.running_mean is not None  # noqa: S101  (it keeps statistics)
    assert norm.running_var is not None  # noqa: S101
    norm.running_mean.zero_()
    norm.running_var.fill_(1 - norm.eps)
    norm.weight.fill_(1)
