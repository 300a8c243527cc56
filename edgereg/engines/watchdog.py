"""An end to runs that would never end: one thread watches the clock for all engines."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

# A run takes milliseconds; only the first one on an accelerator may compile.
RUN_LIMIT_S = 60.0
FIRST_LIMIT_S = 1800.0
POLL_S = 0.5

_lock = threading.Lock()
_running: list[Limit] = []
_started = False


@dataclass(eq=False)
class Limit:
    """A run under watch: when it is to be over, what ends it, and whether that was needed."""

    deadline: float
    end: Callable[[], None]
    passed: bool = False

    @classmethod
    def of(cls, seconds: float, end: Callable[[], None]) -> Limit:
        """A limit from now on; `end` is called from another thread."""
        return cls(time.monotonic() + seconds, end)


@contextmanager
def watching(limit: Limit) -> Iterator[None]:
    """Watch over the block."""
    global _started
    with _lock:
        _running.append(limit)
        if not _started:
            _started = True
            threading.Thread(target=_watch, name="watchdog", daemon=True).start()
    try:
        yield
    finally:
        with _lock:
            _running.remove(limit)


def _watch() -> None:
    while True:
        time.sleep(POLL_S)
        now = time.monotonic()
        with _lock:
            late = [limit for limit in _running if now > limit.deadline]
            for limit in late:
                limit.passed = True
                limit.end()
