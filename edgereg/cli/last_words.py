"""After a crash: whose plugin was at work when the program ended."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from edgereg.core.custody import drop_note, keep_note, read_note

_kept: list[tuple[Path, FileLock]] = []


def note_folder() -> Path:
    """Where the notes of running programs lie."""
    return platformdirs.user_state_path("edgereg", appauthor=False) / "running"


def suspects() -> list[str]:
    """Plugins that were at work when a program ended without a word; each is told once."""
    found: set[str] = set()
    for note in note_folder().glob("*.note"):
        with suppress(OSError, Timeout), FileLock(note.with_suffix(".lock"), timeout=0):
            found |= {*read_note(note)}  # its lock is free: the program is gone
            note.unlink()
        if not note.exists():
            note.with_suffix(".lock").unlink(missing_ok=True)
    return sorted(found)


def begin_note() -> None:
    """Keep a note until this program ends in an orderly way; without a place for it, none."""
    note = note_folder() / f"{os.getpid()}.note"
    with suppress(OSError, Timeout):
        note.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(note.with_suffix(".lock"))
        lock.acquire(timeout=1)
        keep_note(note)
        _kept.append((note, lock))


def end_note() -> None:
    """The program ends in an orderly way: nobody is suspected."""
    drop_note()
    for note, lock in _kept:
        with suppress(OSError):
            note.unlink(missing_ok=True)
            lock.release()
            note.with_suffix(".lock").unlink(missing_ok=True)
    _kept.clear()
