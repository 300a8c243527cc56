"""How progress is drawn: a gauge, the course since the beginning, and a line with the interval."""

from __future__ import annotations

import numpy as np

from edgereg.api import BoxMark, GaugeMark, Mark, PolylineMark, Predictions, Scalars, TextMark

# Of the shorter side: the gauge's radius, the height of the course, the distance from the border.
RADIUS, COURSE, MARGIN = 0.1, 0.16, 0.04
# The course's width over its height, and the seconds that it spans at least.
WIDE, LEAST_S = 2.2, 10.0


def progress_marks(predictions: Predictions, size: tuple[int, int]) -> list[Mark]:
    """Marks in the lower left corner of a frame of `size` (width, height)."""
    kind = predictions.kinds[0]
    if not len(predictions) or not isinstance(kind, Scalars):
        return []
    number, found = kind.numbers[0], predictions[0]
    side = float(min(size))
    radius, margin = RADIUS * side, MARGIN * side
    floor = size[1] - 2 * margin
    value, interval = float(found.smoothed(number.name)), found.interval(number.name)
    place = np.array([margin + radius, floor - radius], np.float32)
    text = f"progress {value:.0f} {number.unit}"
    if interval is not None:
        text += f"   90 %: {interval[0]:.0f} to {interval[1]:.0f} {number.unit}"
    marks: list[Mark] = [
        GaugeMark(place, radius, value, number.low, number.high),
        TextMark(text, np.array([margin, size[1] - margin / 2], np.float32)),
    ]
    course = predictions.features.get("course")
    if course is not None:
        left = margin + 2.4 * radius
        box = (left, floor - COURSE * side, left + WIDE * COURSE * side, floor)
        marks += course_marks(np.asarray(course)[0], box, number.low, number.high)
    return marks


def course_marks(
    course: np.ndarray, box: tuple[float, float, float, float], low: float, high: float
) -> list[Mark]:
    """Answers [T, 2] (seconds, value) as a line in a box (x1, y1, x2, y2)."""
    marks: list[Mark] = [BoxMark(np.array(box, np.float32), role="initial")]
    if len(course) < 2:
        return marks
    seconds = course[:, 0] - course[0, 0]
    across = seconds / max(float(seconds[-1]), LEAST_S)
    up = (course[:, 1] - low) / (high - low)
    x = box[0] + across * (box[2] - box[0])
    y = box[3] - np.clip(up, 0, 1) * (box[3] - box[1])
    return [*marks, PolylineMark(np.stack([x, y], axis=1).astype(np.float32))]
