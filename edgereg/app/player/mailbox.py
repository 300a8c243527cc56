"""From the pipeline's thread to the window's: the latest item wins, and nobody waits."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal


class Mailbox(QObject):
    """Holds one item. `put` from any thread; `arrived` comes in the thread that owns the mailbox.

    An item that was not fetched before the next one came is lost, so that a busy window falls
    behind by one frame at most and its event queue never grows.
    """

    arrived = Signal(object)
    _posted = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._item: Any = None
        self._posted.connect(self._fetch, Qt.ConnectionType.QueuedConnection)

    def put(self, item: Any) -> None:
        """Leave an item in place of the one inside."""
        with self._lock:
            waiting = self._item is not None
            self._item = item
        if not waiting:
            # The window, and this object with it, may be gone by now.
            with contextlib.suppress(RuntimeError):
                self._posted.emit()

    def clear(self) -> None:
        """Forget the item inside."""
        with self._lock:
            self._item = None

    def _fetch(self) -> None:
        with self._lock:
            item, self._item = self._item, None
        if item is not None:
            self.arrived.emit(item)
