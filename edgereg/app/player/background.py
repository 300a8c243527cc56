"""Work that must not hold up the window: a call in a thread, its outcome as a signal."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal

from edgereg.core.errors import EdgeregError


class Job(QObject):
    """One call in a daemon thread; `done` or `failed` comes in the thread that made the job.

    An abandoned job's result is given to `discard`, so that a source opened too late is closed.
    """

    done = Signal(object)
    failed = Signal(str)
    _finished = Signal(object, str)

    def __init__(
        self,
        call: Callable[[], Any],
        discard: Callable[[Any], None] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._call = call
        self._discard = discard
        self._lock = threading.Lock()
        self._abandoned = False
        self._finished.connect(self._report)

    def start(self) -> Job:
        """Begin; returns the job itself."""
        threading.Thread(target=self._work, name="job", daemon=True).start()
        return self

    def abandon(self) -> None:
        """Nobody wants the outcome any more."""
        with self._lock:
            self._abandoned = True

    def _work(self) -> None:
        result, reason = None, ""
        try:
            result = self._call()
        except EdgeregError as error:
            reason = str(error)
        except Exception as error:
            reason = f"{type(error).__name__}: {error} (a fault of edgereg)"
        with self._lock:
            wanted = not self._abandoned
            if wanted:
                # The window, and this object with it, may be gone by now.
                with contextlib.suppress(RuntimeError):
                    self._finished.emit(result, reason)
        if not wanted and result is not None and self._discard is not None:
            self._discard(result)

    def _report(self, result: Any, reason: str) -> None:
        if self._abandoned:
            if result is not None and self._discard is not None:
                self._discard(result)
        elif reason:
            self.failed.emit(reason)
        else:
            self.done.emit(result)
