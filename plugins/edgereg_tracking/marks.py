"""What is drawn of followed objects."""

from __future__ import annotations

import numpy as np

from edgereg.api import BoxMark, FloatArray, HeatmapMark, Mark, PolylineMark, Predictions, TextMark
from edgereg_tracking.corner import REACH

# A path shorter than this many pixels is not drawn: it would only thicken the box's corner.
SHORTEST_PATH = 2.0
# Pixels from the box to the foot of its text.
BELOW = 14


def tracking_marks(predictions: Predictions) -> list[Mark]:
    """Per object: the corner's density, the ascent of its corners, the box, its number and, where
    it is not surely found, its state. The last place of a lost object is drawn as an initial value
    is: no answer, a guess."""
    marks: list[Mark] = []
    heat = predictions.features.get("corner")
    refinement = predictions.refinement
    for row, box in enumerate(predictions.values):
        track = row if predictions.tracks is None else int(predictions.tracks[row])
        state = "found" if predictions.states is None else predictions.states[row]
        if heat is not None and state != "lost":
            marks.append(HeatmapMark(np.asarray(heat[row]), _about_corner(box)))
        if refinement is not None and state != "lost":
            marks.extend(_paths(refinement.trajectory[row], track))
        guess = state == "lost"
        marks.append(BoxMark(box, role="initial" if guess else "final", colour=track))
        words = f"{track} {predictions.scores[row]:.2f}"
        text = words if state == "found" else f"{words} {state}"
        # Below the box: the corner above belongs to its density.
        place = np.array([box[0] + 1, box[3] + BELOW], np.float32)
        marks.append(TextMark(text, place, colour=track))
    return marks


def _about_corner(box: FloatArray) -> FloatArray:
    """The part of the frame over which the corner was moved."""
    reach = REACH * (box[2:] - box[:2])
    return np.concatenate([box[:2] - reach, box[:2] + reach]).astype(np.float32)


def _paths(trajectory: FloatArray, colour: int) -> list[Mark]:
    """The ways of the upper left and lower right corner through a trajectory [T+1, 4]."""
    corners = (trajectory[:, :2], trajectory[:, 2:])
    return [
        PolylineMark(corner, role="trajectory", colour=colour)
        for corner in corners
        if float(np.abs(np.diff(corner, axis=0)).sum()) >= SHORTEST_PATH
    ]
