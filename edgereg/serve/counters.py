"""What is counted of a source, over all of its runs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from edgereg.pipeline.staged import StagedPipeline


@dataclass(frozen=True)
class Counters:
    """Of all runs of a source, those before a restart of the process among them.

    failures: runs that ended by a fault, or could not begin. recoveries: results came again.
    """

    frames: int = 0
    dropped: int = 0
    failures: int = 0
    recoveries: int = 0

    def plus(self, run: StagedPipeline) -> Counters:
        """With the frames of one more run."""
        return replace(self, frames=self.frames + run.frames, dropped=self.dropped + run.dropped)
