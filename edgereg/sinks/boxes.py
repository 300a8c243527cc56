"""The boxes of a frame, each once, with what all tasks say of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from edgereg.sinks.records import Record

CORNERS = ("x1", "y1", "x2", "y2")
Box: TypeAlias = tuple[float, float, float, float]
Attributes: TypeAlias = dict[str, float | list[float]]


@dataclass
class Found:
    """A box (x1, y1, x2, y2) in frame pixels.

    task: that found it; score: that task's, in [0, 1]; track: of any task, or None.
    attributes: <name>, <name>_std and <name>_initial of every value of the tasks that looked at
    this box; a name that is taken gets its task's name in front, as in age.years.
    """

    task: str
    box: Box
    score: float
    track: int | None = None
    attributes: Attributes = field(default_factory=dict)


def boxes_of(frame: Iterable[Record]) -> list[Found]:
    """The boxes in the records of one frame, in task order.

    A task whose values are named x1, y1, x2, y2 gives these. The values of a task that looks at
    exactly such a box become attributes of it; any other region is a box of its own task.
    What looks at the whole frame has no box.
    """
    found: list[Found] = []
    detected: dict[Box, Found] = {}
    for record in frame:
        box = _box(record)
        if box is None:
            continue
        known = None if _detects(record) else detected.get(box)
        if known is None:
            known = Found(record["task"], box, record["score"])
            found.append(known)
        if _detects(record):
            detected.setdefault(box, known)
        if known.track is None:
            known.track = record["track"]
        _describe(record, known.attributes)
    return found


def attributes_of_frame(frame: Iterable[Record]) -> Attributes:
    """The values of tasks that look at the whole frame."""
    attributes: Attributes = {}
    for record in frame:
        if _box(record) is None:
            _describe(record, attributes)
    return attributes


def size_of(box: Box) -> tuple[float, float]:
    """Width and height, to a thousandth of a pixel."""
    return round(box[2] - box[0], 3), round(box[3] - box[1], 3)


def _detects(record: Record) -> bool:
    return all(name in record["values"] for name in CORNERS)


def _box(record: Record) -> Box | None:
    values = record["values"]
    corners = [values[name] for name in CORNERS] if _detects(record) else record["region"]
    return None if corners is None else (corners[0], corners[1], corners[2], corners[3])


def _describe(record: Record, attributes: Attributes) -> None:
    """Add a record's values, but for the corners of a box that are told elsewhere."""
    told = CORNERS if _detects(record) else ()
    for name, value in record["values"].items():
        if name in told:
            continue
        key = f"{record['task']}.{name}" if name in attributes else name
        attributes[key] = value
        for kind in ("std", "initial"):
            if record[kind] is not None:
                attributes[f"{key}_{kind}"] = record[kind][name]
