"""Small pictures in a thread of their own, for the frame that is wanted last only."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from PySide6.QtCore import QObject

from edgereg.app.player.mailbox import Mailbox
from edgereg.core.arrays import Image
from edgereg.sources.glance import Glances


@dataclass(frozen=True)
class Preview:
    """A small picture [h, w, 3] of frame `index`."""

    index: int
    image: Image


class Previews(QObject):
    """`came.arrived(Preview)` comes in the owner's thread; a newer wish replaces an older one."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.came = Mailbox(self)
        self._changed = threading.Condition()
        self._glances: Glances | None = None
        self._wish: int | None = None

    def use(self, glances: Glances | None) -> None:
        """Take the pictures of another source; None: there are none. Returns at once."""
        with self._changed:
            self._glances, self._wish = glances, None
            self._changed.notify_all()
        self.came.clear()
        if glances is not None:
            thread = threading.Thread(
                target=self._work, args=(glances,), name="previews", daemon=True
            )
            thread.start()

    def ask(self, index: int) -> None:
        """Wish for a picture near a frame; returns at once."""
        with self._changed:
            self._wish = index
            self._changed.notify_all()

    def _work(self, glances: Glances) -> None:
        while (index := self._next(glances)) is not None:
            found = glances.near(index)
            if found is not None and self._glances is glances:
                self.came.put(Preview(*found))
        glances.close()

    def _next(self, glances: Glances) -> int | None:
        with self._changed:
            self._changed.wait_for(lambda: self._glances is not glances or self._wish is not None)
            wish, self._wish = self._wish, None
            return wish if self._glances is glances else None
