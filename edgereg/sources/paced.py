"""A recorded source that behaves like a camera: real time, and again from the start if wanted."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from edgereg.core.errors import SourceError
from edgereg.core.frames import Frame, SourceInfo
from edgereg.sources.base import Source


class PacedSource:
    """Delivers the frames of a recorded source at its own frame rate.

    Who fetches too slowly gets the frame that is due, as from a camera: the ones between are
    read and left out (`index` shows the gap, `late` counts them). With `loop` it starts again
    at the end; `index` and `time_s` are then those within the recording.
    """

    def __init__(self, source: Source, *, loop: bool = False) -> None:
        self._source = source
        self._loop = loop
        self._closed = threading.Event()
        self._restart = threading.Event()
        self.late = 0

    @property
    def info(self) -> SourceInfo:
        """The recording's facts, live, and endless if looped."""
        info = self._source.info
        return replace(info, live=True, frame_count=None if self._loop else info.frame_count)

    @property
    def warnings(self) -> Sequence[str]:
        """The recording's own."""
        return self._source.warnings

    def frames(self) -> Iterator[Frame]:
        """Frames when they are due."""
        while not self._closed.is_set():
            yield from self._once()
            if not self._loop or self._closed.is_set():
                return
            try:
                self._source.seek(0)
            except SourceError:
                if self._closed.is_set():  # closed since the question above
                    return
                raise

    def seek(self, index: int) -> None:
        """Go on at frame `index`, at once."""
        self._source.seek(index)
        self._restart.set()

    def close(self) -> None:
        """Close the recording; a waiting iteration ends."""
        self._closed.set()
        self._source.close()

    def _once(self) -> Iterator[Frame]:
        """The recording from where it stands to its end."""
        offset: float | None = None
        period = 1 / self._source.info.fps
        for frame in self._source.frames():
            now = time.monotonic()
            if offset is None or self._restart.is_set():
                self._restart.clear()
                offset = now - frame.time_s
            due = offset + frame.time_s
            if now - due > period:
                self.late += 1
                continue
            if self._closed.wait(max(0.0, due - now)):
                return
            yield frame
