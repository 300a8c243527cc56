"""The `predict` graph, and the `density` graph of a method without an energy, traced."""

from __future__ import annotations

from collections.abc import Sequence

import onnx
import torch
from torch import nn
from torch.export import Dim

from edgereg_exporters.graphs.traced import Signature, trace

INPUT = "images"
# Any numbers but 0 and 1, which torch takes for constants, and each other.
EXAMPLES, POINTS = 3, 5


def export_predict(
    module: nn.Module, example: torch.Tensor, outputs: Sequence[str], multiple: int | None
) -> onnx.ModelProto:
    """Trace `module` on `example` (uint8 [B, H, W, 3]); see `traced.trace`.

    The batch is free; H and W are free multiples of `multiple`, or fixed where that is None.
    """
    images = example if len(example) > 1 else example.repeat(2, 1, 1, 1)
    sizes = {0: Dim("B")}
    if multiple is not None:
        sizes |= {1: multiple * Dim("h"), 2: multiple * Dim("w")}
    return trace(module, (images,), Signature((INPUT,), outputs, (sizes,)), "predict")


def export_density(module: nn.Module, features: torch.Tensor, targets: int) -> onnx.ModelProto:
    """Trace `module` (features [B, ...], grid [B, G, D] -> log-density [B, G]), B and G free.

    features: as `predict` gives them, of one image or more; targets: D.
    """
    some = features[:1].repeat(EXAMPLES, *[1] * (features.ndim - 1))
    grid = torch.zeros(EXAMPLES, POINTS, targets)
    batch = Dim("B")
    signature = Signature(
        ("features", "grid"), ("log_density",), ({0: batch}, {0: batch, 1: Dim("G")})
    )
    return trace(module, (some, grid), signature, "density")
