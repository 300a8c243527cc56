"""Predictions as objects of the `supervision` library, for its annotators, zones and trackers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgereg.core.errors import EdgeregError
from edgereg.core.predictions import FloatArray, Predictions

if TYPE_CHECKING:
    import supervision

CORNERS = ("x1", "y1", "x2", "y2")


def to_supervision(predictions: Predictions) -> supervision.Detections:
    """The N predictions of one task on one frame as `supervision.Detections`.

    xyxy: float32 [N, 4] in frame pixels: the values where they are named x1, y1, x2, y2, else the
    regions. confidence: the scores. tracker_id: the tracks, or None. data: per value name an array
    [N], or [N, size] for a list; the same as <name>_std and <name>_initial where there are such.

    Raises EdgeregError where supervision is not installed, or the task looks at whole frames.
    """
    try:
        import supervision
    except ImportError as error:
        raise EdgeregError(
            f"supervision can't be imported ({error}); run: pip install supervision"
        ) from error
    named = _named(predictions, predictions.values)
    if all(name in named for name in CORNERS):
        boxes = np.stack([named[name] for name in CORNERS], axis=1)
    elif predictions.regions is not None:
        boxes = predictions.regions
    else:
        raise EdgeregError(
            f"task '{predictions.task}' looks at the whole frame; supervision wants boxes"
        )
    return supervision.Detections(
        xyxy=boxes,
        confidence=predictions.scores,
        tracker_id=predictions.tracks,
        data=_data(predictions, named),
    )


def _data(p: Predictions, values: dict[str, Any]) -> dict[str, Any]:
    data = dict(values)
    if p.std is not None:
        data |= {f"{name}_std": part for name, part in _named(p, p.std).items()}
    if p.refinement is not None:
        initial = _named(p, p.refinement.initial)
        data |= {f"{name}_initial": part for name, part in initial.items()}
    return data


def _named(p: Predictions, numbers: FloatArray) -> dict[str, FloatArray]:
    """{name: [N] or [N, size]} of numbers [N, D]."""
    named: dict[str, FloatArray] = {}
    start = 0
    for spec in p.specs:
        part = numbers[:, start : start + spec.size]
        named[spec.name] = part[:, 0] if spec.size == 1 else part
        start += spec.size
    return named
