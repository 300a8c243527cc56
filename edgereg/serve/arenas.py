"""Memory of a process that runs for weeks: glibc's heaps are kept few."""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress

_M_ARENA_MAX = -8
FEW = 2


def keep_few() -> None:
    """Let all threads allocate from FEW heaps, unless MALLOC_ARENA_MAX says how many.

    By default glibc has eight for each core, and a source that is started anew has new threads,
    which leave their garbage in other ones: memory then grows with every restart. Does nothing
    elsewhere.
    """
    if sys.platform == "linux" and "MALLOC_ARENA_MAX" not in os.environ:
        with suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, FEW)
