"""The configuration file, looked at again and again while the service runs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from edgereg.core.errors import EdgeregError

log = logging.getLogger(__name__)

LOOK_S = 1.0

# Of each file: when it was changed, how large and which one it is; None where it is missing.
_Seen = tuple[tuple[int, int, int] | None, ...]


class Watched:
    """Calls `changed` in a thread of its own whenever one of the files is another one.

    What it raises as EdgeregError is logged, and stands in `mistake` until it goes well again.
    """

    def __init__(self, paths: Iterable[Path], changed: Callable[[], None]) -> None:
        self.mistake: str | None = None
        self._paths = tuple(paths)
        self._changed = changed
        self._seen = self._look()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="configuration", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End soon; a change that is under way is finished."""
        self._stop.set()

    def _watch(self) -> None:
        latest = self._seen
        while not self._stop.wait(LOOK_S):
            before, latest = latest, self._look()
            # One that still changes is being written.
            if latest == self._seen or latest != before:
                continue
            self._seen = latest
            try:
                self._changed()
            except EdgeregError as error:
                self.mistake = str(error)
                log.warning("%s; what was there before goes on", error)
            else:
                self.mistake = None

    def _look(self) -> _Seen:
        return tuple(map(_state_of, self._paths))


def _state_of(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
