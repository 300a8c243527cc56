"""How a head pose is drawn: three axes from the head's centre, the path of refinement, a text."""

from __future__ import annotations

import numpy as np

from edgereg.api import (
    AxesMark,
    FloatArray,
    Mark,
    PolylineMark,
    Predictions,
    TextMark,
    axis_tips,
)

ANGLES = ("yaw", "pitch", "roll")
# Length of an axis over the longer side of the head's box.
REACH = 0.6
FORWARD = 2
# Degrees. Where the angles' mean standard deviation is larger, the face is turned away or covered:
# of rendered heads such poses err nearly three times as far (docs/faces.md).
UNSURE = 13.0
# The text stands this far below the box, px, so that it hides neither face nor border.
BELOW = 24


def pose_marks(predictions: Predictions) -> list[Mark]:
    """Marks of all heads; the initial axes and the nose's path only where it was refined."""
    if predictions.regions is None:
        return []
    marks: list[Mark] = []
    for index, box in enumerate(predictions.regions):
        origin = (box[:2] + box[2:]) / 2
        length = REACH * float((box[2:] - box[:2]).max())
        if predictions.refinement is not None:
            path = predictions.refinement.trajectory[index]
            marks += _refinement_marks(path, origin, length)
        values = predictions.values[index]
        std = predictions.std
        unsure = std is not None and float(std[index, : len(ANGLES)].mean()) > UNSURE
        tips = _tips(values[None], origin, length)[0]
        marks.append(AxesMark(origin, tips, role="initial" if unsure else "final"))
        place = np.array([box[0], box[3] + BELOW], np.float32)
        track = predictions[index].track
        colour = index if track is None else track
        marks.append(TextMark(_text(values, unsure), place, colour=colour))
    return marks


def _refinement_marks(path: FloatArray, origin: FloatArray, length: float) -> list[Mark]:
    tips = _tips(path, origin, length)
    return [
        AxesMark(origin, tips[0], role="initial"),
        PolylineMark(tips[:, FORWARD], role="trajectory"),
    ]


def _tips(angles: FloatArray, origin: FloatArray, length: float) -> FloatArray:
    """float32 [T, 3, 2]: the ends of the axes for each of T poses."""
    return axis_tips(angles, np.tile(origin, (len(angles), 1)), length)


def _text(values: FloatArray, unsure: bool) -> str:
    parts = [
        f"{name} {round(float(value)):+d}" for name, value in zip(ANGLES, values, strict=False)
    ]
    return "  ".join([*parts, "unsure"] if unsure else parts)
