"""The last minutes of a source's numbers, for who comes later and wants to see a curve."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any, TypeAlias

from edgereg.core.records import Record

EVERY_S = 0.25
KEPT_S = 180.0
# What a crowd or a map of values must not make large.
MOST_ROWS = 24
MOST_VALUES = 12

# Its number, seconds since 1970, and for each prediction: task, track or None, {name: number}.
Sample: TypeAlias = tuple[int, float, list[tuple[str, int | None, dict[str, float]]]]


class History:
    """A sample of the results every EVERY_S, for KEPT_S. Any thread may add and read."""

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque(maxlen=round(KEPT_S / EVERY_S))
        self._lock = threading.Lock()
        self._number = 0
        self._next = 0.0

    def add(self, found: Sequence[Record]) -> None:
        """Keep what one frame's records say, unless a sample was kept just now."""
        now = time.monotonic()
        if now < self._next:
            return
        # On a grid, so that rates near it don't halve it; not behind after a pause.
        self._next = max(self._next + EVERY_S, now + EVERY_S / 2)
        rows = [
            (each["task"], each["track"], numbers)
            for each in found[:MOST_ROWS]
            if (numbers := _numbers(each))
        ]
        with self._lock:
            self._number += 1
            self._samples.append((self._number, round(time.time(), 3), rows))

    def since(self, number: int) -> list[Sample]:
        """The samples after a number; 0: all that are kept."""
        with self._lock:
            return [each for each in self._samples if each[0] > number]


def _numbers(record: Record) -> dict[str, Any]:
    """The values that are single numbers; steadied ones where there are such."""
    values = record["smoothed"] or record["values"]
    single = [(name, value) for name, value in values.items() if not isinstance(value, list)]
    return dict(single[:MOST_VALUES])
