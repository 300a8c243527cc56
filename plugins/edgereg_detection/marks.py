"""What is drawn of detected boxes."""

from __future__ import annotations

import numpy as np

from edgereg.api import BoxMark, FloatArray, Mark, PolylineMark, Predictions, TextMark

# A path shorter than this many pixels is not drawn: it would only thicken the box's corner.
SHORTEST_PATH = 1.0


def box_marks(predictions: Predictions) -> list[Mark]:
    """Per box: the initial one and its corners' paths where refined, the final one, the score.

    A colour says which class a box is of, and where there are none, which track.
    """
    marks: list[Mark] = []
    refinement = predictions.refinement
    for row, box in enumerate(predictions.values):
        if refinement is not None:
            marks.append(BoxMark(refinement.initial[row], role="initial"))
            marks.extend(_paths(refinement.trajectory[row]))
        one = predictions[row]
        colour = (one.track or 0) if predictions.labels is None else int(predictions.labels[row])
        words = [word for word in (one.label, one.track and f"#{one.track}") if word]
        text = " ".join([*words, f"{one.score:.2f}"])
        marks.append(BoxMark(box, colour=colour))
        marks.append(TextMark(text, box[:2] + np.array([1, -3], np.float32), colour=colour))
    return marks


def _paths(trajectory: FloatArray) -> list[Mark]:
    """The ways of the upper left and lower right corner through a trajectory [T+1, 4]."""
    corners = (trajectory[:, :2], trajectory[:, 2:])
    lengths = [float(np.abs(np.diff(corner, axis=0)).sum()) for corner in corners]
    return [
        PolylineMark(corner, role="trajectory")
        for corner, length in zip(corners, lengths, strict=True)
        if length >= SHORTEST_PATH
    ]
