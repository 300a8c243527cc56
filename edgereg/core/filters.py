"""Filters: what a plugin may do with the predictions of a task over time, such as smoothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from edgereg.core.frames import Frame
from edgereg.core.kinds import Kinds
from edgereg.core.predictions import Predictions


class FilterState(Protocol):
    """A filter's memory of one task in one clip."""

    def apply(self, frame: Frame, predictions: Predictions) -> Predictions:
        """The predictions of the next frame, filtered. `values` should stay what the task gave:
        what is drawn and shown goes into `smoothed`."""
        ...

    def reset(self, why: str) -> None:
        """Forget everything: the next frame does not follow the last ('seek', 'clip', 'cut')."""
        ...


@dataclass(frozen=True)
class Filter:
    """A filter, built in or from a plugin.

    name: what `--filter` takes. title: one line for people. takes: whether it can do something with
    a task that gives these kinds. open: makes the state of one task in one run.
    """

    name: str
    title: str
    takes: Callable[[Kinds], bool]
    open: Callable[[Kinds], FilterState]
