"""What a thread is at, and whether that takes longer than it may."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class _Doing:
    what: str
    since: float
    limit_s: float


class Pulse:
    """Of one thread or engine: it says what it begins, and anybody may see whether that hangs."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.Lock()
        self._doing: _Doing | None = None

    @contextmanager
    def doing(self, what: str, limit_s: float) -> Iterator[None]:
        """Watch over the block, which hangs where it takes longer than `limit_s` seconds."""
        before = self._put(_Doing(what, time.monotonic(), limit_s))
        try:
            yield
        finally:
            self._put(before)

    def beat(self, what: str, limit_s: float) -> None:
        """It is alive; `what` is wrong where no other beat follows within `limit_s` seconds."""
        self._put(_Doing(what, time.monotonic(), limit_s))

    def rest(self) -> None:
        """Nothing is expected of it until it says so again."""
        self._put(None)

    def busy_s(self) -> float:
        """Seconds that it has been at what it is at; 0 at rest."""
        doing = self._doing
        return 0.0 if doing is None else time.monotonic() - doing.since

    def late(self) -> str | None:
        """What hangs, and for how long; None: all is well."""
        doing = self._doing
        if doing is None:
            return None
        passed_s = time.monotonic() - doing.since
        if passed_s <= doing.limit_s:
            return None
        return f"{self.name} {doing.what} for {passed_s:.0f} s"

    def _put(self, doing: _Doing | None) -> _Doing | None:
        with self._lock:
            before, self._doing = self._doing, doing
        return before
