"""Plugins that are being written: watched in a thread, and loaded anew when a file changes."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject

from edgereg.app.player.mailbox import Mailbox
from edgereg.plugin_files import next_change, state_of


class PluginWatch(QObject):
    """`changed.arrived(Path)` comes in the owner's thread, for each file that was changed."""

    def __init__(self, places: Sequence[Path], parent: QObject | None = None) -> None:
        super().__init__(parent)
        # What was compiled in the same second as an edit would be taken for current.
        sys.dont_write_bytecode = True
        self.changed = Mailbox(self)
        self._stopped = threading.Event()
        state = state_of(places)
        threading.Thread(
            target=self._watch, args=(places, state), name="plugin watch", daemon=True
        ).start()

    def close(self) -> None:
        """End the thread."""
        self._stopped.set()

    def _watch(self, places: Sequence[Path], state: dict[Path, tuple[int, int]]) -> None:
        while (changed := next_change(places, state, self._stopped)) is not None:
            state = state_of(places)
            self.changed.put(changed)
