"""A bounded queue between two stages that can end, be closed at once, or keep only the latest."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Channel(Generic[T]):
    """Hands items from one thread to the next.

    `latest`: where the channel is full, the oldest item goes (counted in `dropped`) and `put` does
    not wait; otherwise `put` waits for room.
    """

    def __init__(self, size: int, *, latest: bool = False) -> None:
        self._items: deque[T] = deque()
        self._size = size
        self._latest = latest
        self._ended = False
        self._closed = False
        self._changed = threading.Condition()
        self.dropped = 0

    def put(self, item: T) -> bool:
        """Append an item; False where the channel was closed."""
        with self._changed:
            if self._latest:
                while len(self._items) >= self._size:
                    self._items.popleft()
                    self.dropped += 1
            self._changed.wait_for(lambda: self._closed or len(self._items) < self._size)
            if self._closed:
                return False
            self._items.append(item)
            self._changed.notify_all()
            return True

    def get(self) -> T | None:
        """The oldest item, or None once the channel is closed, or has ended and is empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._ended or bool(self._items))
            if self._closed or not self._items:
                return None
            item = self._items.popleft()
            self._changed.notify_all()
            return item

    def end(self) -> None:
        """No more items come; those inside are still handed out."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def close(self) -> None:
        """Stop both sides at once; what is inside is lost."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()

    def discard(self, unwanted: Callable[[T], bool]) -> None:
        """Forget the items that are unwanted, without counting them as dropped."""
        with self._changed:
            kept = [item for item in self._items if not unwanted(item)]
            self._items = deque(kept)
            self._changed.notify_all()
