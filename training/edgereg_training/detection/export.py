"""What the exporters take from a trained head-detection checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgereg_training.detection.model import HeadModel
from edgereg_training.detection.network import DESIGNS
from edgereg_training.detection.problem import DetectionOptions
from edgereg_training.loop.checkpoint import load_best
from edgereg_training.loop.recipe import Recipe, parse_options

FEATURES = ("features",)
PREDICT_OUTPUTS = ("boxes", "scores", "features")
EDGES = ("x1", "y1", "x2", "y2")
# Boxes may reach beyond the frame, but no coordinate of an engine goes farther than this.
LIMIT = 10000.0


def load_heads(folder: Path) -> tuple[HeadModel, Recipe]:
    """The model and the recipe of a training or checkpoint folder, see `load_best`."""
    return load_best(
        folder, lambda recipe: HeadModel(DESIGNS[parse_options(DetectionOptions, recipe).network])
    )


def model_fields(recipe: Recipe) -> dict[str, Any]:
    """The fields of `model.json` that follow from the recipe."""
    options = parse_options(DetectionOptions, recipe)
    runtime = options.runtime
    confidence = "ebm" if options.confidence == "nll" else options.confidence
    named = {"training_data": options.training_data} if options.training_data else {}
    return {
        **named,
        "task": "detection",
        "method": f"task-aligned-anchor-free+{confidence}",
        "targets": [{"name": edge, "unit": "px", "low": -LIMIT, "high": LIMIT} for edge in EDGES],
        "input": {"multiple": 32, "long_side": runtime.long_side, "sizes": runtime.sizes},
        "features": list(FEATURES),
        "refinement": {
            "steps": runtime.steps,
            "step_length": list(runtime.step_length),
            "decay": runtime.decay,
        },
        "settings": {
            "score_threshold": runtime.score_threshold,
            "large_score_threshold": runtime.large_score_threshold,
            "large_height": runtime.large_height,
            "nms_iou": runtime.nms_iou,
            "max_candidates": runtime.max_candidates,
        },
    }
