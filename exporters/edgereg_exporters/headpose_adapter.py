"""Head pose: a trained PoseNet as an Exportable."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from edgereg_training.headpose_export import (
    PREDICT_OUTPUTS,
    PosePredict,
    load_pose,
    model_fields,
    model_notes,
)

from edgereg_exporters.exportable import Exportable
from edgereg_exporters.target_reference import energy_reference, refine_reference, target_energy
from edgereg_exporters.trial_images import trial_images

IMAGES = 8
STARTS = np.array([[0, 0, 0], [4, -3, 2], [-8, 6, 5], [25, -15, 20]], np.float32)


def exportable(checkpoint: Path) -> Exportable:
    """The model of a training or checkpoint folder; CheckpointError where it is not whole."""
    net, recipe = load_pose(checkpoint)
    net.requires_grad_(False)
    fields = model_fields(recipe)
    span = min(target["high"] - target["low"] for target in fields["targets"])
    size = net.model.size
    return Exportable(
        predict=PosePredict(net),
        example=torch.from_numpy(trial_images(IMAGES, size, size)),
        outputs=PREDICT_OUTPUTS,
        multiple=None,
        energy=target_energy(net.energy),
        references={
            "refine": lambda inputs: refine_reference(net.energy, inputs),
            "density": lambda inputs: {"log_density": energy_reference(net.energy, inputs)},
        },
        spans={"values": span, "std": span, "trajectory": span},
        unordered=(),
        points=lambda outputs: outputs["values"][:, None] + STARTS,
        fields=fields,
        notes=model_notes(),
    )
