"""The weights that the graphs of a model folder hold, to learn on from them.

An exporter folds a batch norm into the layer before it, unless that layer is used twice. Read back
a folded norm stands for nothing: identity, but for the offset. So it must keep its statistics.
"""

from __future__ import annotations

from collections.abc import Mapping

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from edgereg_training.loop.weights import NORMS

LAYERS = nn.Conv2d | nn.Linear


def graph_weights(graph: onnx.GraphProto) -> dict[str, Tensor]:
    """FP32, by name; those that are kept in FP16 lose their mark."""
    return {
        each.name.removesuffix("_fp16"): torch.from_numpy(
            numpy_helper.to_array(each).copy()
        ).float()
        for each in graph.initializer
        if each.data_type in (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16)
    }


@torch.no_grad()
def copy_layers(network: nn.Module, weights: Mapping[str, Tensor], prefix: str) -> None:
    """Into every layer and norm of the network the weights of its name with `prefix` before it.

    Raises KeyError where one is missing, RuntimeError where it has another shape.
    """
    before = ""  # the layer that a norm follows, and may have been folded into
    for name, module in network.named_modules():
        stored = f"{prefix}{name}"
        if isinstance(module, LAYERS):
            before = stored
            module.weight.copy_(weights[f"{stored}.weight"].reshape(module.weight.shape))
            if module.bias is not None:
                module.bias.copy_(weights[f"{stored}.bias"])
        elif isinstance(module, NORMS) and f"{stored}.weight" in weights:
            for part in ("weight", "bias", "running_mean", "running_var"):
                getattr(module, part).copy_(weights[f"{stored}.{part}"])
        elif isinstance(module, NORMS):
            _make_identity(module)
            module.bias.copy_(weights[f"{before}.weight_bias"])


def _make_identity(norm: nn.BatchNorm1d | nn.BatchNorm2d) -> None:
    assert norm.running_mean is not None  # noqa: S101  (it keeps statistics)
    assert norm.running_var is not None  # noqa: S101
    norm.running_mean.zero_()
    norm.running_var.fill_(1 - norm.eps)
    norm.weight.fill_(1)
