"""Time stamps of a container -> seconds from the first frame on, that only rise."""

from __future__ import annotations

from fractions import Fraction

# A step back by more than this is a jump of the clock, not a disorder of two frames.
_BACK_S = 1.0
# In formats whose clock may jump, a step ahead by more than this is one (as FFmpeg has it).
_AHEAD_S = 10.0
_TICK_S = 1e-3


class Clock:
    """Fed with the time stamps of all frames in order; the same stamps give the same seconds.

    Where the stamps jump, as where two recordings were joined, time goes on by one frame; frames
    without a stamp follow each other at the stream's rate.
    """

    def __init__(self, time_base: Fraction, fps: float, *, jumps: bool) -> None:
        self._base = time_base
        self._period = 1 / fps
        self._jumps = jumps
        self._start: float | None = None
        self._last: float | None = None

    def __call__(self, pts: int | None) -> float:
        """Seconds of the next frame, from its stamp in units of the time base."""
        if pts is None:
            time_s = 0.0 if self._last is None else self._last + self._period
        else:
            time_s = self._of(float(pts * self._base))
        self._last = time_s
        return time_s

    def _of(self, stamp: float) -> float:
        if self._start is None:
            self._start = stamp - (0.0 if self._last is None else self._last + self._period)
        time_s = stamp - self._start
        if self._last is None:
            return time_s
        step = time_s - self._last
        if step < -_BACK_S or (self._jumps and step > _AHEAD_S):
            self._start += step - self._period
            return self._last + self._period
        return max(time_s, self._last + _TICK_S) if step <= 0 else time_s
