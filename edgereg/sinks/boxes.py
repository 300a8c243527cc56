"""The boxes of a frame, each once, with what all tasks say of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from edgereg.core.kinds import CORNERS, Boxes, Points
from edgereg.core.predictions import Prediction, Predictions
from edgereg.core.records import named, number
from edgereg.core.result import FrameResult

Box: TypeAlias = tuple[float, float, float, float]
Attributes: TypeAlias = dict[str, float | list[float]]


@dataclass
class Found:
    """A box (x1, y1, x2, y2) in frame pixels.

    task: that found it; label: its class, or None; score: that task's, in [0, 1]; track: of any
    task, or None. points: what the keypoints are.
    keypoints: x, y, v of every point of the first task that gives points of this box, as COCO has
    it: v = 2 where the point is seen, 1 where it is not (`Predictions.seen`); empty without.
    attributes: <name>, <name>_std and <name>_initial of every value of the tasks that looked at
    this box; a name that is taken gets its task's name in front, as in age.years.
    """

    task: str
    box: Box
    score: float
    label: str | None = None
    track: int | None = None
    points: Points | None = None
    keypoints: list[float] = field(default_factory=list)
    attributes: Attributes = field(default_factory=dict)


def boxes_of(result: FrameResult) -> list[Found]:
    """The boxes of one frame, in task order.

    A task that gives boxes finds them. The values of a task that looks at exactly such a box become
    attributes of it; any other region is a box of its own task. What looks at the whole frame and
    gives no boxes has none.
    """
    found: list[Found] = []
    detected: dict[Box, Found] = {}
    for predictions in result.predictions.values():
        detects = _detects(predictions)
        points = next((kind for kind in predictions.kinds if isinstance(kind, Points)), None)
        for one in predictions:
            if one.box is None:
                continue
            x1, y1, x2, y2 = (number(x) for x in one.box)
            box = (x1, y1, x2, y2)
            known = None if detects else detected.get(box)
            if known is None:
                known = Found(predictions.task, box, number(one.score), one.label)
                found.append(known)
            if detects:
                detected.setdefault(box, known)
            if known.track is None:
                known.track = one.track
            if points is not None and known.points is None:
                known.points, known.keypoints = points, _keypoints(one)
            _describe(one, known.attributes)
    return found


def attributes_of_frame(result: FrameResult) -> Attributes:
    """The values of tasks that look at the whole frame and find no boxes in it."""
    attributes: Attributes = {}
    for predictions in result.predictions.values():
        if predictions.boxes is None:
            for one in predictions:
                _describe(one, attributes)
    return attributes


def size_of(box: Box) -> tuple[float, float]:
    """Width and height, to a thousandth of a pixel."""
    return round(box[2] - box[0], 3), round(box[3] - box[1], 3)


def _detects(predictions: Predictions) -> bool:
    return any(isinstance(kind, Boxes) for kind in predictions.kinds)


def _keypoints(one: Prediction) -> list[float]:
    seen = one.all.seen[one.row]
    return [
        part
        for (x, y), sure in zip(one["points"], seen, strict=True)
        for part in (number(x), number(y), 2 if sure else 1)
    ]


def _describe(one: Prediction, attributes: Attributes) -> None:
    """Add a prediction's values, but for the corners of a box, which are told elsewhere."""
    p = one.all
    told = CORNERS if _detects(p) else ()
    climb = p.refinement
    more = {
        "_std": None if p.std is None else named(p, p.std[one.row]),
        "_initial": None if climb is None else named(p, climb.initial[one.row]),
    }
    for name, value in named(p, p.values[one.row]).items():
        if name in told:
            continue
        key = f"{p.task}.{name}" if name in attributes else name
        attributes[key] = value
        for ending, numbers in more.items():
            if numbers is not None:
                attributes[f"{key}{ending}"] = numbers[name]


def classes_of(predictions: Predictions) -> Iterator[str]:
    """Names of the classes of a detector, its task's name where it has none."""
    for kind in predictions.kinds:
        if isinstance(kind, Boxes):
            yield from kind.classes or (predictions.task,)
            return
    yield predictions.task
