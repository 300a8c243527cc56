"""What a rule looks at in one frame: a prediction, or all of a task's predictions together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgereg.core.kinds import CORNERS
from edgereg.core.records import Record


@dataclass(frozen=True)
class Subject:
    """At one moment.

    now: seconds on a clock that never goes back. size: width and height of the frame. records: of
    one track, or of all predictions.
    """

    now: float
    size: tuple[int, int]
    records: Sequence[Record]

    @property
    def record(self) -> Record:
        """The one record of a track."""
        return self.records[0]

    def point(self, of: str, units: str) -> tuple[float, float] | None:
        """The centre or foot of the box, in pixels or shares of the frame; None: it has no box."""
        box = box_of(self.record)
        if box is None:
            return None
        x, y = (box[0] + box[2]) / 2, box[3] if of == "foot" else (box[1] + box[3]) / 2
        if units == "shares":
            return x / self.size[0], y / self.size[1]
        return x, y


def box_of(record: Record) -> Sequence[float] | None:
    """The box that a record is of: one that was found, or the region that was looked at."""
    values = record["smoothed"] or record["values"]
    if all(name in values for name in CORNERS):
        return [float(values[name]) for name in CORNERS]
    region: Sequence[float] | None = record["region"]
    return region
