"""Tracking of any object: a trained TrackingNet and its frozen backbone as an Exportable."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from edgereg_training.tracking.export import (
    PREDICT_OUTPUTS,
    Code,
    Condition,
    Maps,
    load_tracker,
    model_fields,
)
from torch import nn
from torch.export import Dim

from edgereg.core.arrays import FloatArray
from edgereg_exporters.graphs.traced import Signature, trace
from edgereg_exporters.models.box_energy import energy_graphs
from edgereg_exporters.models.exportable import Arrays, Exportable, OtherGraph
from edgereg_exporters.models.trial_images import trial_images

IMAGES = 2
CANDIDATES = 10


def exportable(checkpoint: Path) -> Exportable:
    """The model of a training or checkpoint folder; CheckpointError where it is not whole."""
    maps, net, recipe = load_tracker(checkpoint)
    fields = model_fields(recipe)
    size = fields["input"]["width"]
    boxes = np.array([[0.3, 0.35, 0.6, 0.7], [0.4, 0.3, 0.65, 0.6]], np.float32) * size
    channels, cells = recipe_sizes(net, size)
    fused = torch.zeros(IMAGES, channels, cells, cells)
    return Exportable(
        predict=Maps(maps, net),
        example=torch.from_numpy(trial_images(IMAGES, size, size)),
        outputs=PREDICT_OUTPUTS,
        multiple=None,
        others={
            "code": traced(
                Code(net), (fused, torch.from_numpy(boxes)), ("fused", "boxes"), "code",
                {"boxes": boxes},
            ),
            "condition": traced(
                Condition(net), (fused, torch.zeros(IMAGES, channels)), ("fused", "code"),
                "features", {},
            ),
            **energy_graphs(net.energy),
        },
        spans={"trajectory": size},
        points=lambda _: starts(boxes, size),
        fields=fields,
    )  # fmt: skip


def recipe_sizes(net: nn.Module, size: int) -> tuple[int, int]:
    """Channels and cells a side of the fused map of crops of `size` px."""
    return int(net.get_parameter("second.bias").numel()), size // 8


def traced(
    module: nn.Module,
    examples: tuple[torch.Tensor, ...],
    inputs: Sequence[str],
    output: str,
    given: Arrays,
) -> OtherGraph:
    """A graph traced from torch; inputs: outputs of the graphs before it, or of the trial."""
    signature = Signature(inputs, (output,), [{0: Dim("B")}] * len(inputs))

    def build() -> onnx.ModelProto:
        return trace(module, examples, signature, output)

    def reference(arrays: Arrays) -> Arrays:
        with torch.no_grad():
            return {output: module(*(torch.from_numpy(arrays[name]) for name in inputs)).numpy()}

    return OtherGraph(
        build, reference, trial=lambda known: {name: {**known, **given}[name] for name in inputs}
    )


def starts(boxes: FloatArray, size: int) -> FloatArray:
    """Boxes [B, K, 4] about those of the trial, to climb from."""
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 0.03 * size, (len(boxes), CANDIDATES, 4)).astype(np.float32)
    return boxes[:, None] + noise
