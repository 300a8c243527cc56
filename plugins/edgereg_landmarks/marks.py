"""How landmarks are drawn: the lines of a face, each head in the colour of its track."""

from __future__ import annotations

from edgereg.api import Mark, PolylineMark, Predictions, TextMark
from edgereg_landmarks.face import FACE, NAMES, UNSEEN


def face_marks(predictions: Predictions) -> list[Mark]:
    """Jaw, brows, nose, eyes and lips of every head; a few words where its face is not seen."""
    marks: list[Mark] = []
    for row, values in enumerate(predictions.values):
        points = values[: 2 * len(NAMES)].reshape(-1, 2)
        colour = row if predictions.tracks is None else int(predictions.tracks[row])
        if predictions.states is not None and predictions.states[row] == UNSEEN:
            marks.append(TextMark("face not seen", points.min(0), colour=colour))
            continue
        marks += [
            PolylineMark(points[list(line.points)], closed=line.closed, colour=colour)
            for line in FACE
        ]
    return marks
