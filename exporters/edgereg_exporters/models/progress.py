"""The problem `progress`: a trained ProgressNet as an Exportable.

`predict` tells what is seen in a frame; `remember` takes that and the memory so far, and gives the
memory after it with the value, its deviation and interval; `density` takes the memory.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from edgereg_training.loop.checkpoint import load_best
from edgereg_training.loop.recipe import parse_options
from edgereg_training.progress.network import ProgressNet
from edgereg_training.progress.problem import ProgressOptions, problem
from torch import Tensor, nn
from torch.export import Dim

from edgereg_exporters.errors import ExportError
from edgereg_exporters.graphs import level_density
from edgereg_exporters.graphs.predict import export_density
from edgereg_exporters.graphs.traced import Signature, trace
from edgereg_exporters.models.exportable import Arrays, Exportable, OtherGraph, training_data
from edgereg_exporters.models.regression import LogDensity
from edgereg_exporters.models.trial_images import trial_images

ANSWERS = ("after", "values", "std", "interval")
IMAGES, POINTS = 4, 16


class Look(nn.Module):
    """uint8 [B, S, S, 3] -> features [B, F]."""

    def __init__(self, net: ProgressNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> tuple[Tensor]:
        """See the class."""
        return (self.net.look(images),)


class Remember(nn.Module):
    """features [B, F], memory [B, H] -> the memory after, values [B, 1], std [B, 1] and interval
    [B, 1, 2] (the central 90 %)."""

    def __init__(self, net: ProgressNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, features: Tensor, memory: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """See the class."""
        after = self.net.remember(features, memory)
        spread = level_density.spread(self.net.head.density(after))
        return after, self.net.head.value(after), *spread


def exportable(checkpoint: Path) -> Exportable:
    """The model of a training or checkpoint folder; CheckpointError where it is not whole,
    ExportError where its method refines, which a step task here does not."""
    net, recipe = load_best(checkpoint, lambda recipe: problem(recipe).build())
    options = parse_options(ProgressOptions, recipe)
    if net.head.energy() is not None:
        raise ExportError(f"{checkpoint}: progress by an energy can't be exported")
    target = net.head.targets[0]
    span = target.high - target.low
    memory = np.random.default_rng(1).uniform(-1, 1, (IMAGES, options.memory)).astype(np.float32)
    return Exportable(
        predict=Look(net),
        example=torch.from_numpy(trial_images(IMAGES, options.size, options.size)),
        outputs=("features",),
        multiple=None,
        others={"remember": remember_graph(net, memory), "density": density_graph(net)},
        spans={"values": span, "std": span, "interval": span},
        points=lambda outputs: outputs["values"][:, None],
        fields={
            "task": "progress",
            "method": options.method["name"],
            "targets": [target.model_dump()],
            "input": {"width": options.size, "height": options.size},
            "features": ["features"],
            "settings": {"rate": options.rate, "memory": options.memory},
            "training_data": training_data(
                options.training_data, "Clips of activities", options.data
            ),
        },
        notes=net.head.notes(),
    )


def remember_graph(net: ProgressNet, memory: np.ndarray) -> OtherGraph:
    """What follows a frame; tried from some memory."""
    module = Remember(net)
    names = ("features", "memory")

    def build() -> onnx.ModelProto:
        wide = net.unit.input_size
        some = torch.zeros(IMAGES, wide), torch.from_numpy(memory)
        return trace(module, some, Signature(names, ANSWERS, [{0: Dim("B")}] * 2), "remember")

    def reference(inputs: Arrays) -> Arrays:
        with torch.no_grad():
            found = module(*(torch.from_numpy(inputs[name]) for name in names))
        return {name: each.numpy() for name, each in zip(ANSWERS, found, strict=True)}

    return OtherGraph(
        build, reference, trial=lambda known: {"features": known["features"], "memory": memory}
    )


def density_graph(net: ProgressNet) -> OtherGraph:
    """The log-density of the head, from a memory; tried about the values."""
    module = LogDensity(net.head)

    def build() -> onnx.ModelProto:
        return export_density(module, torch.zeros(1, net.unit.hidden_size), 1)

    def reference(inputs: Arrays) -> Arrays:
        with torch.no_grad():
            found = module(*(torch.from_numpy(inputs[name]) for name in ("features", "grid")))
        return {"log_density": found.numpy()}

    def trial(known: Arrays) -> Arrays:
        reach = np.linspace(-30, 30, POINTS, dtype=np.float32)
        return {"features": known["after"], "grid": known["values"][:, None] + reach[:, None]}

    return OtherGraph(build, reference, normalised=True, trial=trial)
