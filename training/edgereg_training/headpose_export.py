"""What the exporters take from a trained head-pose checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from edgereg_training.checkpoint import best_checkpoint, load_weights, read_checkpoint
from edgereg_training.headpose import PoseOptions
from edgereg_training.headpose_evaluation import ANGLES
from edgereg_training.headpose_net import PoseNet
from edgereg_training.recipe import Recipe, parse_options

FEATURES = ("features",)
PREDICT_OUTPUTS = ("values", "std", "features")


class PosePredict(nn.Module):
    """The `predict` graph: uint8 [B, S, S, 3] RGB -> values [B, 3] and std [B, 3] (yaw, pitch,
    roll in degrees), features W_x g_x [B, h], which the energy takes."""

    def __init__(self, net: PoseNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """See the class."""
        features = self.net.extract(images)
        values, std = self.net.estimate(self.net.bits(features))
        return values, std, self.net.energy.project(features)


def load_pose(folder: Path) -> tuple[PoseNet, Recipe]:
    """The network in eval mode, and the recipe, of a training or checkpoint folder."""
    checkpoint = read_checkpoint(best_checkpoint(folder))
    net = PoseNet(parse_options(PoseOptions, checkpoint.recipe).model)
    load_weights(net, checkpoint.weights)
    return net.eval(), checkpoint.recipe


def model_fields(recipe: Recipe) -> dict[str, Any]:
    """The fields of `model.json` that follow from the recipe."""
    options = parse_options(PoseOptions, recipe)
    size = options.model.size
    limits = options.model.limits
    return {
        "task": "headpose",
        "method": f"bel-{options.model.code.lower()}+ebm",
        "targets": [
            {"name": name, "unit": "degree", "low": -limit, "high": limit}
            for name, limit in zip(ANGLES, limits, strict=True)
        ],
        "input": {"width": size, "height": size, "crop_scale": options.crop_scale},
        "features": list(FEATURES),
        "refinement": {
            "steps": options.refinement.steps,
            "step_length": [options.refinement.step_length] * len(ANGLES),
            "decay": options.refinement.decay,
        },
    }


def model_notes() -> tuple[str, ...]:
    """Paragraphs (Markdown) for the model card: how to read the angles, and known limits."""
    return (
        "## How to read it\n\n"
        "R = Rz(roll) Ry(yaw) Rx(pitch) with x to image right, y up, z towards the camera:\n"
        "positive yaw turns the nose to image right, positive pitch lowers it, positive roll\n"
        "tilts the crown to image left. `std` is the posterior standard deviation of the BEL\n"
        "estimate, before refinement. Towards 90 degrees of yaw, pitch and roll turn about the\n"
        "same axis and can't be told apart; this, more than yaw, makes the errors of the full and\n"
        "wide range.",
        "## On photographs\n\n"
        "No photograph was used for training or for choosing. On two real clips yaw follows what\n"
        "one sees (docs/headpose-clips.png): a woman who looks from image left to right and back,\n"
        "a man who keeps looking into the camera. Level faces read about 10 degrees of negative\n"
        "pitch there. Heads from behind were not trained.",
    )
