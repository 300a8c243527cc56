"""What a run hands to sinks, to the window and to programs: everything about one frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from edgereg.core.marks import Mark
from edgereg.core.predictions import Predictions


@dataclass(frozen=True)
class Fault:
    """One failure of a task on one frame: the step that failed, and the reason in one line.

    traceback: where it was raised, in the words of Python; empty where nothing was.
    """

    task: str
    step: str
    reason: str
    traceback: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True)
class FrameResult:
    """One frame after all tasks: `result["headpose"]` are the predictions of a task.

    index: from 0, counted in the source; time_s: seconds from the source's start.
    image: uint8 [H, W, 3] RGB, as it was read.
    predictions: by task name; a task that failed on this frame, or is switched off, is absent.
    marks: what to draw, in drawing order.
    picture: uint8 [H, W, 3] RGB with the marks painted, or None where no painter was given.
    faults: what went wrong on this frame.
    source: name of the source; in a folder of photographs, of the file. clip: as in `Frame`.
    generation: how many jumps a player had made in the source; results of one generation follow
    each other.
    """

    index: int
    time_s: float
    image: npt.NDArray[np.uint8]
    predictions: Mapping[str, Predictions] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()
    picture: npt.NDArray[np.uint8] | None = None
    faults: tuple[Fault, ...] = ()
    source: str = ""
    clip: int = 0
    generation: int = 0

    def __getitem__(self, task: str) -> Predictions:
        """Predictions of a task. Raises KeyError that says why there are none."""
        if task in self.predictions:
            return self.predictions[task]
        for fault in self.faults:
            if fault.task == task:
                raise KeyError(f"'{task}' failed in '{fault.step}': {fault.reason}")
        known = ", ".join(self.predictions) or "none"
        raise KeyError(f"no predictions of '{task}' on frame {self.index}; there are: {known}")

    def to_records(self) -> list[dict[str, Any]]:
        """Plain Python values, one dict a prediction of any task (docs/results.md)."""
        from edgereg.core.records import records

        return records(self)

    def to_arrow(self) -> Any:
        """The records as a `pyarrow.Table`."""
        from edgereg.core.conversions import to_arrow

        return to_arrow(self.to_records())

    def to_pandas(self) -> Any:
        """The records as a flat `pandas.DataFrame`, a column for each number."""
        from edgereg.core.conversions import to_pandas

        kinds = {name: found.kinds for name, found in self.predictions.items()}
        return to_pandas(self.to_records(), kinds)
