"""What every sink is: it takes results one at a time and closes whole."""

from __future__ import annotations

from typing import Protocol

from edgereg.core.result import FrameResult


class Sink(Protocol):
    """An output. What was written before a fault or an interruption stays whole and readable."""

    def write(self, result: FrameResult) -> None:
        """Write one frame's result. Raises SinkError where the output can't take it."""
        ...

    def close(self) -> None:
        """Finish the output. May be called twice."""
        ...
