"""Streams of segments (HLS, DASH) come in bursts; their frames are handed out in their own time."""

from __future__ import annotations

import time

# FFmpeg's names of the formats.
FORMATS = frozenset({"hls", "dash"})
# A longer gap in a stream's times is a jump, not a wait.
LONGEST_S = 1.0


class Pace:
    """Holds frames back until they are due.

    What comes late is never held back, and what follows it is due as much later: a stream that
    paused runs smoothly again, behind by the pause, until its server has nothing so old any more.
    """

    def __init__(self) -> None:
        self._offset_s: float | None = None

    def wait(self, time_s: float) -> None:
        """Until the frame of this time in the stream is due."""
        now = time.monotonic()
        wait_s = -1.0 if self._offset_s is None else self._offset_s + time_s - now
        if 0 <= wait_s <= LONGEST_S:
            time.sleep(wait_s)
        else:
            self._offset_s = now - time_s
