"""The problem `depth`: a trained DepthNet as an Exportable; its head answers for every cell."""

from __future__ import annotations

from pathlib import Path

import torch
from edgereg_training.depth.network import DepthNet
from edgereg_training.depth.problem import DepthOptions, problem
from edgereg_training.loop.checkpoint import load_best
from edgereg_training.loop.recipe import parse_options
from torch import Tensor, nn

from edgereg_exporters.errors import ExportError
from edgereg_exporters.graphs import level_density
from edgereg_exporters.models.exportable import Exportable, training_data
from edgereg_exporters.models.trial_images import trial_images

OUTPUTS = ("values", "std", "interval")
IMAGES = 4


class Predict(nn.Module):
    """uint8 [B, H, W, 3] -> values [B, h * w], std [B, h * w] and interval [B, h * w, 2] (the
    central 90 %) of the depth of every cell, row by row."""

    def __init__(self, net: DepthNet, cells: int) -> None:
        super().__init__()
        self.net, self.cells = net, cells

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See the class."""
        found = self.net.cells(images)
        values = self.net.head.value(found)
        std, interval = level_density.spread(self.net.head.density(found))
        return (
            values.reshape(-1, self.cells),
            std.reshape(-1, self.cells),
            interval.reshape(-1, self.cells, 2),
        )


def exportable(checkpoint: Path) -> Exportable:
    """The model of a training or checkpoint folder; CheckpointError where it is not whole,
    ExportError where its method refines, which a map can't."""
    net, recipe = load_best(checkpoint, lambda recipe: problem(recipe).build())
    options = parse_options(DepthOptions, recipe)
    if net.head.energy() is not None:
        raise ExportError(f"{checkpoint}: a map of an energy's depths can't be exported")
    target, (width, height) = options.target(), options.cells
    span = target.high - target.low
    return Exportable(
        predict=Predict(net, width * height),
        example=torch.from_numpy(trial_images(IMAGES, options.height, options.width)),
        outputs=OUTPUTS,
        multiple=None,
        spans=dict.fromkeys(OUTPUTS, span),
        points=lambda outputs: outputs["values"][:, None],
        fields={
            "task": "depth",
            "method": options.method["name"],
            "targets": [target.model_dump()],
            "input": {"width": options.width, "height": options.height},
            "settings": {"map_width": width, "map_height": height},
            "training_data": training_data(
                options.training_data, "Pictures with depth", options.data
            ),
        },
        notes=net.head.notes(),
    )
