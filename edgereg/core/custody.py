"""What the code of others may not do while it is called: go to another working directory.

That belongs to the whole program. Whoever changes it sends the relative paths of everybody else
astray, and in a run of many threads nobody could tell who it was.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache


class _Held(threading.local):
    depth = 0


_held = _Held()


@contextmanager
def custody() -> Iterator[None]:
    """Call code of others in here: `os.chdir` then raises PermissionError, in its own lines."""
    _watch()
    _held.depth += 1
    try:
        yield
    finally:
        _held.depth -= 1


@lru_cache(maxsize=1)
def _watch() -> None:
    """Python tells an audit hook of every change, in the thread that makes it."""
    sys.addaudithook(_forbid)


def _forbid(event: str, _: tuple[object, ...]) -> None:
    if event == "os.chdir" and _held.depth:
        raise PermissionError(
            "it changes the working directory, which is the whole program's; use absolute paths"
        )
