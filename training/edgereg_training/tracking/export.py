"""What the exporters take from a trained tracking checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor, nn

from edgereg_training.loop.checkpoint import load_best
from edgereg_training.loop.recipe import Recipe, parse_options
from edgereg_training.tracking.network import NetworkSettings, TrackingNet, frozen_maps, new_net
from edgereg_training.tracking.problem import TrackingOptions

PREDICT_OUTPUTS = ("fused", "far")
EDGES = ("x1", "y1", "x2", "y2")
TRAINING_DATA = (
    "Motion rendered by edgereg: things cut from photographs of COCO (CC BY 2.0 or no known "
    "restrictions), FairFace (CC BY 4.0, Karkkainen and Joo, WACV 2021) and the Face Research Lab "
    "London Set (CC BY 4.0, DeBruine and Jones, 2017), from panoramas (CC0, Poly Haven) and "
    "clothes (CC0, MakeHuman), and drawn figures, vehicles and shapes; frozen backbone "
    "EfficientNet-Lite0 with ImageNet weights (Apache-2.0)"
)
# Coordinates of boxes that reach beyond the frame; what an engine may return at most.
LIMIT = 10000.0


class Maps(nn.Module):
    """The `predict` graph: the frozen backbone and the fusion of its two maps."""

    def __init__(self, maps: nn.Module, net: TrackingNet) -> None:
        super().__init__()
        self.maps, self.net = maps, net

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 [B, S, S, 3] -> fused [B, C, S/8, S/8], far [B, D, S/16, S/16]."""
        near, far = self.maps(images)
        return self.net.fused(near, far), far


class Code(nn.Module):
    """The `code` graph: what is kept of a first frame."""

    def __init__(self, net: TrackingNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, fused: Tensor, boxes: Tensor) -> Tensor:
        """fused [B, C, S/8, S/8], boxes [B, 4] in crop pixels -> code [B, C]."""
        return self.net.code(fused, boxes)


class Condition(nn.Module):
    """The `condition` graph: a map as seen by one who looks for this object."""

    def __init__(self, net: TrackingNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, fused: Tensor, code: Tensor) -> Tensor:
        """fused [B, C, S/8, S/8], code [B, C] -> features [B, C, S/8, S/8]."""
        return self.net.conditioned(fused, code)


def load_tracker(folder: Path) -> tuple[nn.Module, TrackingNet, Recipe]:
    """The backbone and the network in eval mode, and the recipe, of a training or checkpoint
    folder."""

    def network(recipe: Recipe) -> NetworkSettings:
        return parse_options(TrackingOptions, recipe).network

    net, recipe = load_best(folder, lambda recipe: new_net(network(recipe)))
    return frozen_maps(network(recipe)), net, recipe


def model_fields(recipe: Recipe) -> dict[str, Any]:
    """The fields of `model.json` that follow from the recipe."""
    options = parse_options(TrackingOptions, recipe)
    runtime, size = options.runtime, options.crops.size
    return {
        "task": "tracking",
        "method": f"{options.network.backbone}+{options.loss}",
        "targets": [{"name": edge, "unit": "px", "low": -LIMIT, "high": LIMIT} for edge in EDGES],
        "input": {"width": size, "height": size},
        "features": ["features"],
        "refinement": {
            "steps": runtime.steps,
            "step_length": list(runtime.step_length),
            "decay": runtime.decay,
        },
        "settings": {"search": options.crops.search},
        "training_data": TRAINING_DATA,
    }
