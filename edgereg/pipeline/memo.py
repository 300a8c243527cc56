"""What models found in frames that were computed before, for who shows frames more than once."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeAlias

import numpy as np

from edgereg.core.predictions import Predictions
from edgereg.core.regions import Regions

# What is kept in all; the frames that were asked for longest ago are given up first.
MOST_BYTES = 256 * 2**20
# Features of one frame that take more are not kept: what stands on them, densities above all, needs
# the frame computed anew.
MOST_FEATURES = 32 * 2**10

# How far a model's predictions were refined: steps, or None where they were not.
Steps: TypeAlias = int | None


@dataclass(frozen=True)
class _Kept:
    steps: Steps
    regions: Regions | None
    predictions: Predictions
    size: int


class Memo:
    """The predictions of region tasks by task and frame, without tracks; any thread may call.

    They hold for one source, and for one set of loaded tasks.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, int], _Kept] = OrderedDict()
        self._size = 0

    def recall(
        self, task: str, index: int, steps: Steps, regions: Regions | None
    ) -> Predictions | None:
        """What a task found in frame `index`, refined by so many steps, where it looked at the same
        regions; None where that is not known."""
        with self._lock:
            kept = self._kept.get((task, index))
            if kept is None or kept.steps != steps or not _same(kept.regions, regions):
                return None
            self._kept.move_to_end((task, index))
            return kept.predictions

    def keep(
        self, index: int, steps: Steps, regions: Regions | None, predictions: Predictions
    ) -> None:
        """Keep what a task found in frame `index`, in the place of what was known."""
        if sum(_bytes_of(each) for each in predictions.features.values()) > MOST_FEATURES:
            predictions = replace(predictions, features={})
        size = _size_of(predictions)
        key = predictions.task, index
        with self._lock:
            self._drop(key)
            self._kept[key] = _Kept(steps, regions, predictions, size)
            self._size += size
            while self._size > self._most:
                self._drop(next(iter(self._kept)))

    def forget(self, index: int) -> None:
        """Let frame `index` be computed anew."""
        with self._lock:
            for key in [key for key in self._kept if key[1] == index]:
                self._drop(key)

    def _drop(self, key: tuple[str, int]) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._size -= kept.size


def _same(one: Regions | None, other: Regions | None) -> bool:
    if one is None or other is None:
        return one is other
    return np.array_equal(one.boxes, other.boxes)


def _size_of(predictions: Predictions) -> int:
    """Bytes of all arrays, and what the objects themselves take."""
    return 1024 + sum(_bytes_of(getattr(predictions, each.name)) for each in fields(predictions))


def _bytes_of(value: Any) -> int:
    if isinstance(value, tuple):
        return sum(map(_bytes_of, value))
    if isinstance(value, Mapping):
        return sum(map(_bytes_of, value.values()))
    if hasattr(value, "trajectory"):
        return _bytes_of(value.trajectory) + _bytes_of(value.energy)
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return int(math.prod(value.shape) * value.dtype.itemsize)
    return 0
