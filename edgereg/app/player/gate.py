"""The last stage of a player's pipeline: lets results through when they are due, or when asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from edgereg.core.result import FrameResult

# Later than this, the clock starts anew: a slow model plays in slow motion, without catching up.
_PATIENCE_S = 0.1


class Gate:
    """A sink that paces results by their times, holds them while paused, and passes single steps.

    `deliver` is called in the pipeline's thread. All other methods may be called from any thread,
    and none of them waits.
    """

    def __init__(self, deliver: Callable[[FrameResult], None], *, paced: bool) -> None:
        self._deliver = deliver
        self._paced = paced
        self._changed = threading.Condition()
        self._open = False
        self._closed = False
        self._permits = 0
        self._generation = 0
        self._anchor: tuple[float, float] | None = None

    def play(self) -> None:
        """Let results through when they are due."""
        with self._changed:
            self._open, self._anchor = True, None
            self._changed.notify_all()

    def hold(self) -> None:
        """Let nothing through."""
        with self._changed:
            self._open, self._permits = False, 0
            self._changed.notify_all()

    def step(self) -> None:
        """Let one result through at once."""
        with self._changed:
            self._permits += 1
            self._changed.notify_all()

    def jump(self, generation: int) -> None:
        """Drop results of earlier generations; let the first of this one through at once."""
        with self._changed:
            self._generation, self._anchor = generation, None
            self._permits = 1
            self._changed.notify_all()

    def write(self, result: FrameResult) -> None:
        """Wait until the result may pass, and deliver it; drop it where a jump or the end came."""
        with self._changed:
            if not self._wait_for_leave(result):
                return
        self._deliver(result)

    def close(self) -> None:
        """Let whoever waits go."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _wait_for_leave(self, result: FrameResult) -> bool:
        while not self._closed and result.generation >= self._generation:
            if self._permits:
                self._permits -= 1
                self._anchor = None
                return True
            if not self._open:
                self._changed.wait()
                continue
            early = self._early(result.time_s)
            if early <= 0.0:
                return True
            self._changed.wait(early)
        return False

    def _early(self, time_s: float) -> float:
        """Seconds until a result is due; starts the clock with the first one, or when late."""
        now = time.monotonic()
        if not self._paced:
            return 0.0
        due = None if self._anchor is None else self._anchor[0] + time_s - self._anchor[1]
        if due is None or due < now - _PATIENCE_S or due > now + 60.0:
            self._anchor = (now, time_s)
            return 0.0
        return due - now
