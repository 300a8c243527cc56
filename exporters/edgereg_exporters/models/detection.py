"""Head detection: a trained HeadModel as an Exportable."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from edgereg_training.detection.export import PREDICT_OUTPUTS, load_heads, model_fields
from edgereg_training.detection.model import Predictor
from edgereg_training.detection.problem import DetectionOptions
from edgereg_training.loop.recipe import parse_options

from edgereg.core.arrays import FloatArray
from edgereg_exporters.models.box_energy import energy_graphs
from edgereg_exporters.models.exportable import Exportable
from edgereg_exporters.models.trial_images import trial_images

IMAGES = 2
CANDIDATES = 10


def exportable(checkpoint: Path) -> Exportable:
    """The model of a training or checkpoint folder; CheckpointError where it is not whole."""
    model, recipe = load_heads(checkpoint)
    fields = model_fields(recipe)
    long_side, multiple = fields["input"]["long_side"], fields["input"]["multiple"]
    short_side = max(multiple, long_side * 9 // 16 // multiple * multiple)
    return Exportable(
        predict=Predictor(
            model.detector, parse_options(DetectionOptions, recipe).runtime.second_look
        ),
        example=torch.from_numpy(trial_images(IMAGES, short_side, long_side)),
        outputs=PREDICT_OUTPUTS,
        multiple=multiple,
        others=energy_graphs(model.energy),
        spans={"boxes": long_side, "scores": 1.0, "trajectory": long_side},
        unordered=("boxes",),
        points=lambda outputs: trial_boxes(outputs["boxes"], short_side, long_side),
        fields=fields,
    )


def trial_boxes(boxes: FloatArray, height: int, width: int) -> FloatArray:
    """Boxes to refine in the trial: the best found, and as many of head size anywhere."""
    rng = np.random.default_rng(1)
    shape = (len(boxes), CANDIDATES, 2)
    centres = rng.uniform(0, 1, shape) * (width, height)
    halves = rng.uniform(8, 60, shape)
    made = np.concatenate([centres - halves, centres + halves], axis=2).astype(np.float32)
    return np.concatenate([boxes[:, :CANDIDATES], made], axis=1)
