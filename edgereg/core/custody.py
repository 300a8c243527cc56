"""The code of others while it is called: what it may not do, and whose it is.

The working directory belongs to the whole program. Whoever changes it sends the relative paths of
everybody else astray, and in a run of many threads nobody could tell who it was.

C code may end the program without a word. So that the next start can name a suspect, the owner of
what is at work stands in a note: a file in memory, which the system keeps when the program is gone.
"""

from __future__ import annotations

import itertools
import mmap
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

# Bytes for a name, and names at once: one a thread.
_WIDTH, _PLACES = 64, 64
_places = itertools.count()
_note: mmap.mmap | None = None


class _Held(threading.local):
    depth = 0

    def __init__(self) -> None:
        self.place = next(_places) % _PLACES * _WIDTH


_held = _Held()


@contextmanager
def custody(whose: str = "") -> Iterator[None]:
    """Call code of others in here: `os.chdir` then raises PermissionError, in its own lines.

    whose: the plugin that is named if the program ends in here; empty: none is.
    """
    _watch()
    _held.depth += 1
    before = _write(whose) if whose else b""
    try:
        yield
    finally:
        _held.depth -= 1
        if before:
            _put(before)


def keep_note(path: Path) -> None:
    """Write from now on whose code is at work into a file. Raises OSError."""
    global _note
    path.write_bytes(bytes(_WIDTH * _PLACES))
    with path.open("r+b") as file:
        _note = mmap.mmap(file.fileno(), 0)


def drop_note() -> None:
    """Keep the note no longer: the program ends in an orderly way."""
    global _note
    if _note is not None:
        note, _note = _note, None
        note.close()


def read_note(path: Path) -> list[str]:
    """Who was at work when the program that kept a note ended. Raises OSError."""
    content = path.read_bytes()
    places = (content[at : at + _WIDTH] for at in range(0, len(content), _WIDTH))
    names = (place.rstrip(b"\0").decode("utf-8", "replace") for place in places)
    return sorted({name for name in names if name})


def _write(whose: str) -> bytes:
    """Put a name into this thread's place; returns what stood there."""
    note = _note
    if note is None:
        return b""
    before = note[_held.place : _held.place + _WIDTH]
    _put(whose.encode()[:_WIDTH].ljust(_WIDTH, b"\0"))
    return before


def _put(text: bytes) -> None:
    note = _note
    if note is not None:
        note[_held.place : _held.place + _WIDTH] = text


@lru_cache(maxsize=1)
def _watch() -> None:
    """Python tells an audit hook of every change, in the thread that makes it."""
    sys.addaudithook(_forbid)


def _forbid(event: str, _: tuple[object, ...]) -> None:
    if event == "os.chdir" and _held.depth:
        raise PermissionError(
            "it changes the working directory, which is the whole program's; use absolute paths"
        )
