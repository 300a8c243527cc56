"""The latest results of a source, for any number of readers that may be slow."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import cv2
import numpy as np

from edgereg.core.arrays import Image
from edgereg.core.records import Record
from edgereg.core.result import FrameResult
from edgereg.paint.opencv import paint
from edgereg.serve.history import History

# Results that a reader may be behind; older ones it has lost.
KEPT = 64
# Wide enough for a wall, small enough for a telephone's connection.
WIDEST = 1280
QUALITY = 80
# OpenCV keeps some 7 MB for every thread that it has painted in, so there are few.
_PAINTERS = ThreadPoolExecutor(2, "paint")


class Shot:
    """The latest result as readers get it; the picture is made once, for the first who asks."""

    def __init__(self, number: int, found: list[Record], result: FrameResult) -> None:
        self.number = number
        self.records = found
        self.result = result
        self._jpeg: bytes | None = None
        self._lock = threading.Lock()

    async def picture(self) -> bytes:
        """`jpeg`, made in one of the painters' threads."""
        return await asyncio.wrap_future(_PAINTERS.submit(self.jpeg))

    def jpeg(self) -> bytes:
        """The frame with its marks, as a JPEG at most WIDEST pixels wide."""
        with self._lock:
            if self._jpeg is None:
                self._jpeg = _jpeg(paint(self.result.image, self.result.marks))
            return self._jpeg


def fitted(image: Image) -> Image:
    """An image at most WIDEST pixels wide."""
    height, width = image.shape[:2]
    if width <= WIDEST:
        return image
    size = (WIDEST, max(1, round(height * WIDEST / width)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8)


def even(image: Image) -> Image:
    """Without the last row or column where there is an odd number: chroma has half of them."""
    return image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2]


def _jpeg(image: Image) -> bytes:
    bgr = cv2.cvtColor(fitted(image), cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()


class Live:
    """The latest results of a source; any reader takes them at its own pace.

    The pipeline never waits for a reader: who is more than KEPT results behind loses the oldest,
    which `lost` counts. Of all but the latest result only the records are kept.
    """

    def __init__(self) -> None:
        self.lost = 0
        self.history = History()
        self._count = 0
        self._time = time.monotonic()
        self._latest: Shot | None = None
        self._records: deque[tuple[int, list[Record]]] = deque(maxlen=KEPT)
        self._lock = threading.Lock()
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    @property
    def count(self) -> int:
        """Results so far."""
        return self._count

    @property
    def latest(self) -> Shot | None:
        """The latest result, or None before the first."""
        return self._latest

    def age_s(self) -> float:
        """Seconds since the latest result, or since the start where there is none."""
        return time.monotonic() - self._time

    def keep(self, result: FrameResult, found: list[Record]) -> None:
        """Keep a result and its records, and wake the readers."""
        with self._lock:
            self._count += 1
            self._time = time.monotonic()
            self._latest = Shot(self._count, found, result)
            self._records.append((self._count, found))
        self.history.add(found)
        self.wake()

    def wake(self) -> None:
        """Let every reader look again."""
        with self._lock:
            waiting = list(self._waiting)
        for loop, event in waiting:
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(event.set)

    def since(self, number: int) -> list[tuple[int, str]]:
        """(number, records as JSON) of the results after `number`; counts those that are lost."""
        with self._lock:
            newer = [each for each in self._records if each[0] > number]
            if newer:
                self.lost += newer[0][0] - number - 1
        return [(each, json.dumps(found, ensure_ascii=False)) for each, found in newer]

    async def newer(self, number: int, timeout_s: float) -> bool:
        """Wait for a result after `number`; False where none came in time."""
        woken = asyncio.Event()
        mine = (asyncio.get_running_loop(), woken)
        with self._lock:
            self._waiting.add(mine)
        try:
            if self._count <= number:
                await asyncio.wait_for(woken.wait(), timeout_s)
        except asyncio.TimeoutError:
            return False
        finally:
            with self._lock:
                self._waiting.discard(mine)
        return self._count > number
