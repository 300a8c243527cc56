"""What the pipeline hands to the sinks and to the window: everything about one frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from edgereg.core.marks import Mark
from edgereg.core.predictions import Predictions


@dataclass(frozen=True)
class Fault:
    """One failure of a task on one frame: the step that failed, and the reason in one line."""

    task: str
    step: str
    reason: str


@dataclass(frozen=True)
class FrameResult:
    """One frame after all tasks.

    index: from 0, counted in the source; time_s: seconds from the source's start.
    image: uint8 [H, W, 3] RGB, as it was read.
    predictions: by task name; a task that failed on this frame, or is switched off, is absent.
    marks: what to draw, in drawing order.
    picture: uint8 [H, W, 3] RGB with the marks painted, or None where no painter was given.
    faults: what went wrong on this frame.
    """

    index: int
    time_s: float
    image: npt.NDArray[np.uint8]
    predictions: Mapping[str, Predictions] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()
    picture: npt.NDArray[np.uint8] | None = None
    faults: tuple[Fault, ...] = ()
