"""Play, pause and seek on a source, from any thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from edgereg.core.frames import Frame
from edgereg.pipeline.steps import Work
from edgereg.sources.base import Source


class Transport:
    """The decode stage's side of a player's buttons.

    `generation` counts the jumps, so that later stages can tell frames from before a jump.
    """

    def __init__(self, source: Source, *, hold_at_end: bool = False) -> None:
        self._source = source
        self._hold = hold_at_end
        self._frames: Iterator[Frame] | None = None
        self._changed = threading.Condition()
        self._paused = False
        self._stopped = False
        self._ended = False
        self._target: int | None = None
        self.generation = 0

    def pause(self) -> None:
        """Hold after the frame that is being read."""
        with self._changed:
            self._paused = True

    def resume(self) -> None:
        """Go on."""
        with self._changed:
            self._paused = False
            self._changed.notify_all()

    def seek(self, index: int) -> int:
        """Make `index` the next frame, also while paused; returns the new generation."""
        with self._changed:
            self._target = index
            self.generation += 1
            self._changed.notify_all()
            return self.generation

    def stop(self) -> None:
        """Let `ready` return False from now on."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped

    def ready(self) -> bool:
        """Wait until a frame is wanted; False when the run is over."""

        def wanted() -> bool:
            held = self._paused or (self._ended and self._hold)
            return self._stopped or self._target is not None or not held

        with self._changed:
            self._changed.wait_for(wanted)
            over = self._ended and not self._hold and self._target is None
            return not self._stopped and not over

    def next(self) -> Work | None:
        """The next frame as work, or None at the end. Raises SourceError where the source fails."""
        with self._changed:
            target, self._target = self._target, None
            generation = self.generation
        if target is not None:
            self._source.seek(target)
            self._frames, self._ended = None, False
        if self._frames is None:
            self._frames = self._source.frames()
        frame = next(self._frames, None)
        if frame is None:
            self._frames, self._ended = None, True
            return None
        return Work(frame, generation)
