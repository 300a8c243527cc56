"""What every sink is: it takes results one at a time and closes whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from edgereg.core.frames import SourceInfo
from edgereg.core.kinds import Kinds
from edgereg.core.result import FrameResult


class Sink(Protocol):
    """An output. What was written before a fault or an interruption stays whole and readable."""

    def write(self, result: FrameResult) -> None:
        """Write one frame's result. Raises SinkError where the output can't take it."""
        ...

    def close(self) -> None:
        """Finish the output. May be called twice."""
        ...


@dataclass(frozen=True)
class RunInfo:
    """What a sink may know before the first frame.

    source: the source's facts. kinds: what each task of the run gives, by task name, in order.
    continues: the file whose rows come first, or None. A sink of lines is given its path to write
    to as well (`--append`), and appends; else it copies them. before: of `continues` only the rows
    of frames before this one (`--resume`), or None: all.
    """

    source: SourceInfo
    kinds: Mapping[str, Kinds] = field(default_factory=dict)
    continues: Path | None = None
    before: int | None = None


@dataclass(frozen=True)
class SinkFormat:
    """A kind of output, built in or from a plugin.

    ending: of the file's name, with the dot, in lower case; title: one line for people.
    open: makes the sink. pictures: whether it wants `FrameResult.picture`, painted with marks.
    writes: 'whole' files, readable once closed; 'lines', readable while they grow; or 'files', any
    number, each whole at once. appends: whether it heeds `RunInfo.continues`.
    recover: makes the file at a path of what a sink that was killed has left there. Raises OSError.
    """

    ending: str
    title: str
    open: Callable[[Path, RunInfo], Sink]
    pictures: bool = False
    writes: Literal["whole", "lines", "files"] = "whole"
    appends: bool = False
    recover: Callable[[Path], None] | None = None
