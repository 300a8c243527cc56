"""The last stage of a player's pipeline: lets results through when they are due, or when asked."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from edgereg.core.result import FrameResult

# Later than this, the clock starts anew: a slow model plays in slow motion, without catching up.
_PATIENCE_S = 0.1
# So many frames keep the stages busy; more would only be late. What waits for room longer than
# this waits for frames that were lost in a jump.
_UNDERWAY = 3
_LONGEST_WAIT_S = 1.0


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
        self._speed = 1.0
        self._keeps_up = False
        self._underway = 0

    def set_pace(self, speed: float, *, keeps_up: bool) -> None:
        """speed: seconds of the recording in a second, infinite: as fast as results come.
        keeps_up: the clock goes on for who is late; `admits` then leaves frames out.
        """
        with self._changed:
            self._speed, self._keeps_up, self._anchor = speed, keeps_up, None
            self._changed.notify_all()

    def admits(self, time_s: float) -> bool:
        """Whether a frame that is read now is to be computed: not one that has missed its moment,
        where the clock goes on. Waits there until few frames are on their way."""
        with self._changed:
            if self._keeps_up:
                self._changed.wait_for(self._has_room, _LONGEST_WAIT_S)
            late = (
                self._open
                and self._keeps_up
                and self._anchor is not None
                and self._due(time_s, self._anchor) < time.monotonic()
            )
            self._underway += not late
            return not late

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
            self._underway = 0
            self._changed.notify_all()

    def write(self, result: FrameResult) -> None:
        """Wait until the result may pass, and deliver it; drop it where a jump or the end came."""
        with self._changed:
            leave = self._wait_for_leave(result)
            self._underway = max(self._underway - 1, 0)
            self._changed.notify_all()
            if not leave:
                return
        self._deliver(result)

    def close(self) -> None:
        """Let whoever waits go."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _has_room(self) -> bool:
        return self._closed or not self._open or self._underway < _UNDERWAY

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
        if not self._paced or self._speed == math.inf:
            return 0.0
        due = None if self._anchor is None else self._due(time_s, self._anchor)
        behind = due is not None and due < now - _PATIENCE_S and not self._keeps_up
        if due is None or behind or due > now + 60.0:
            self._anchor = (now, time_s)
            return 0.0
        return due - now

    def _due(self, time_s: float, anchor: tuple[float, float]) -> float:
        """When the clock shows a time of the recording."""
        return anchor[0] + (time_s - anchor[1]) / self._speed
