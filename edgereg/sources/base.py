"""What every source is: an iterator of frames that can be closed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Frame:
    """One picture: index from 0, seconds from the source's start, image uint8 [H, W, 3] RGB."""

    index: int
    time_s: float
    image: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class SourceInfo:
    """What is known before the first frame.

    width, height: pixels of the first frame; later frames may differ.
    fps: frames per second (1.0 for still images).
    frame_count: number of frames, or None where it is unknown or endless.
    seekable: whether `seek` works; live: frames come in real time, late ones are lost.
    files: every file that is read, none for a camera or stream. start_s: what the container's own
    clock shows at the first frame, whose `time_s` is 0; its sound is on that clock.
    frame_count is what a container says, and may be None, until its frames have been counted.
    """

    name: str
    width: int
    height: int
    fps: float
    frame_count: int | None
    seekable: bool
    live: bool
    files: tuple[Path, ...] = ()
    start_s: float = 0.0


class Source(Protocol):
    """Frames in order. One thread iterates; `seek` and `close` may be called from another."""

    @property
    def info(self) -> SourceInfo:
        """What is known before the first frame."""
        ...

    @property
    def warnings(self) -> Sequence[str]:
        """Faults that were survived so far, one line each: lost frames, reconnections."""
        ...

    def frames(self) -> Iterator[Frame]:
        """Frames from the current position to the end. Raises SourceError where it fails."""
        ...

    def seek(self, index: int) -> None:
        """Make `index` the next frame, exactly. Raises SourceError if not seekable or outside."""
        ...

    def close(self) -> None:
        """Release the file or device; a running iteration ends. May be called twice."""
        ...
