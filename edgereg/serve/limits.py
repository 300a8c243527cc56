"""How often somebody may ask."""

from __future__ import annotations

import time
from collections import OrderedDict

# Clients that are remembered; the one that asked longest ago is forgotten first.
MOST_CLIENTS = 4096


class Buckets:
    """A bucket of tokens for each client: `burst` fit in, `rate` come back in a second."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> float:
        """Take one: 0 where there was one, else the seconds until there is one again, from 1."""
        now = time.monotonic()
        left, then = self._left.pop(client, (self._burst, now))
        left = min(self._burst, left + self._rate * (now - then))
        allowed = left >= 1
        self._left[client] = (left - 1 if allowed else left, now)
        if len(self._left) > MOST_CLIENTS:
            self._left.popitem(last=False)
        return 0.0 if allowed else max(1.0, (1 - left) / self._rate)
