"""Work in a thread of its own, for the latest request only."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject

from edgereg.app.player.mailbox import Mailbox


class LatestWorker(QObject):
    """`answers.arrived` comes in the owner's thread; a newer question replaces an older one."""

    def __init__(
        self, answer: Callable[[Any], Any], name: str, parent: QObject | None = None
    ) -> None:
        """answer: what is done with a question, in the thread."""
        super().__init__(parent)
        self.answers = Mailbox(self)
        self._answer = answer
        self._changed = threading.Condition()
        self._question: Any = None
        self._closed = False
        threading.Thread(target=self._work, name=name, daemon=True).start()

    def ask(self, question: Any) -> None:
        """Ask; returns at once."""
        with self._changed:
            self._question = question
            self._changed.notify_all()

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _work(self) -> None:
        while (question := self._next()) is not None:
            self.answers.put(self._answer(question))

    def _next(self) -> Any:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._question is not None)
            question, self._question = self._question, None
            return None if self._closed else question
