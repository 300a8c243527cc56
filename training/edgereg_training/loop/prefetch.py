"""Runs an iterator ahead in a background thread, so that data and training overlap."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from contextlib import suppress
from typing import TypeVar

Item = TypeVar("Item")
_END = object()


def prefetch(items: Iterator[Item], ahead: int = 4) -> Generator[Item, None, None]:
    """The same items in the same order, made up to `ahead` early; errors are raised here.

    Closing the returned generator ends the thread.
    """
    ready: queue.Queue[object] = queue.Queue(maxsize=ahead)
    stopped = threading.Event()
    thread = threading.Thread(target=_fill, args=(items, ready, stopped), daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not _END:
            if isinstance(item, _Failure):
                raise item.error
            yield item  # type: ignore[misc]
    finally:
        stopped.set()
        while thread.is_alive():
            with suppress(queue.Empty):
                while True:
                    ready.get_nowait()
            thread.join(0.05)


class _Failure:
    def __init__(self, error: BaseException) -> None:
        self.error = error


def _fill(items: Iterator[Item], ready: queue.Queue[object], stopped: threading.Event) -> None:
    last: object = _END
    try:
        for item in items:
            ready.put(item)
            if stopped.is_set():
                return
    except BaseException as error:  # handed to the consumer, which raises it
        last = _Failure(error)
    ready.put(last)
