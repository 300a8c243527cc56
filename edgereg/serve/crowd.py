"""How often pages should look, so that many of them together cost no more than a few."""

from __future__ import annotations

import time
from collections.abc import Callable

# Looks a second that all pages together are to have; one alone has one.
LOOKS_S = 50.0
SLOWEST = 30.0
# A look is slow to change, so that pages that come in step don't swing.
ROUND_S = 2.0


class Crowd:
    """Counts looks, and says how many times slower than usual a page should look."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = clock()
        self._looks = 0
        self.slower = 1.0

    def look(self) -> None:
        """Somebody has looked."""
        self._looks += 1
        took = self._clock() - self._since
        if took >= ROUND_S:
            wanted = self.slower * self._looks / took / LOOKS_S
            # Not all pages know of the last change yet.
            self.slower = min(SLOWEST, max(1.0, (self.slower + wanted) / 2))
            self._since, self._looks = self._clock(), 0
