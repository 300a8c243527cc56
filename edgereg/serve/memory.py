"""What is kept of a source when the process ends: its counters, tracks' numbers, rules."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from edgereg.core.files import reason, replace_file
from edgereg.core.json_files import read_text
from edgereg.serve.counters import Counters
from edgereg.serve.rules.kept import KeptRules

log = logging.getLogger(__name__)

# Numbers that are set aside at once, so that a new track seldom waits for the disk. As many are
# skipped at most where the process is killed.
BLOCK = 100


@dataclass(frozen=True)
class _Kept:
    """counters; tracks: by task, the first number that was surely never given; rules: what they
    hold."""

    counters: Counters = field(default_factory=Counters)
    tracks: dict[str, int] = field(default_factory=dict)
    rules: KeptRules = field(default_factory=KeptRules)


_KEPT = TypeAdapter(_Kept)


class Memory:
    """Of one source, in a file; without one it lasts as long as the process. Any thread may call.

    What can't be written is said once, and kept in memory.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._complained = False
        kept = _read(path) if path else _Kept()
        self.counters = kept.counters
        self.rules = kept.rules
        self._aside = dict(kept.tracks)
        self._next = dict(kept.tracks)

    def number(self, task: str) -> int:
        """The number of a task's next track, from 1 on; none is ever given twice."""
        with self._lock:
            number = self._next.get(task, 1)
            self._next[task] = number + 1
            if number >= self._aside.get(task, 1):
                self._aside[task] = number + BLOCK
                self._write(self._aside)
        return number

    def note(self, counters: Counters, rules: KeptRules) -> None:
        """Write the counters, and what the rules hold."""
        with self._lock:
            self.counters, self.rules = counters, rules
            self._write(self._aside)

    def close(self, counters: Counters, rules: KeptRules) -> None:
        """Write everything as it is at the end; no number has to be skipped then."""
        with self._lock:
            self.counters, self.rules = counters, rules
            self._aside = dict(self._next)
            self._write(self._aside)

    def _write(self, tracks: dict[str, int]) -> None:
        if self._path is None:
            return
        kept = _Kept(self.counters, tracks, self.rules)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self._path, _KEPT.dump_json(kept, indent=1))
        except OSError as error:
            if not self._complained:
                log.warning("%s: can't be written: %s", self._path, reason(error))
            self._complained = True
        else:
            self._complained = False


def _read(path: Path) -> _Kept:
    """What a file holds; a damaged one is put aside, and everything begins anew."""
    if not path.exists():
        return _Kept()
    try:
        return _KEPT.validate_json(read_text(path))
    except (OSError, ValueError) as error:
        aside = path.with_name(f"{path.name}.damaged")
        log.warning("%s: %s; it is now %s, and counting begins anew", path, error, aside.name)
        path.replace(aside)
        return _Kept()
