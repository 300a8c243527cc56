"""The problem `objects`: a Faster R-CNN of any classes, with its proposals, as one `predict` graph,
and the energy of its boxes, climbed in another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from edgereg_training.detection.export import EDGES, LIMIT
from edgereg_training.detection.objects.problem import ObjectsOptions, model_of
from edgereg_training.detection.objects.rcnn import Predictor
from edgereg_training.loop.checkpoint import load_best
from edgereg_training.loop.recipe import parse_options

from edgereg_exporters.models.box_energy import energy_graphs
from edgereg_exporters.models.detection import trial_boxes
from edgereg_exporters.models.exportable import Exportable
from edgereg_exporters.models.trial_images import trial_images

IMAGES, MULTIPLE = 2, 32


def exportable(checkpoint: Path) -> Exportable:
    """The model of a training or checkpoint folder; CheckpointError where it is not whole."""
    model, recipe = load_best(
        checkpoint, lambda recipe: model_of(parse_options(ObjectsOptions, recipe))
    )
    options = parse_options(ObjectsOptions, recipe)
    height, width = options.long_side * 3 // 4 // MULTIPLE * MULTIPLE, options.long_side
    return Exportable(
        predict=Predictor(model),
        example=torch.from_numpy(trial_images(IMAGES, height, width)),
        outputs=("boxes", "scores", "labels", "features"),
        multiple=MULTIPLE,
        others=energy_graphs(model.energy),
        spans={"boxes": width, "scores": 1.0, "labels": 1.0, "trajectory": width},
        unordered=("boxes", "labels"),
        points=lambda outputs: trial_boxes(outputs["boxes"], height, width),
        fields=model_fields(options),
    )


def model_fields(options: ObjectsOptions) -> dict[str, Any]:
    """The fields of `model.json` that follow from the recipe."""
    runtime = options.runtime
    return {
        "task": "detection",
        "method": "faster-rcnn+ebm",
        "targets": [{"name": edge, "unit": "px", "low": -LIMIT, "high": LIMIT} for edge in EDGES],
        "input": {"multiple": MULTIPLE, "long_side": options.long_side},
        "features": ["features"],
        "classes": list(options.classes),
        "training_data": f"Annotated pictures: {options.data.name}",
        "refinement": {
            "steps": runtime.steps,
            "step_length": list(runtime.step_length),
            "decay": runtime.decay,
        },
        "settings": {
            "score_threshold": runtime.score_threshold,
            "nms_iou": runtime.nms_iou,
            "max_candidates": runtime.max_candidates,
            "guided_nms": float(runtime.guided_nms),
        },
    }
