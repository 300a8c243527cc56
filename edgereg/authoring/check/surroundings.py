"""What belongs to the whole program, and a plugin must leave as it found it."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping

MENDS = {
    "the environment": "set what you need for your own calls, or ask users to set it",
    "sys.path": "install the package (pip install -e .) instead of reaching for its folder",
    "the filters of warnings": "use warnings.catch_warnings() around your own calls",
    "the handlers of signals": "leave signals to edgereg, which ends runs by them",
    "the recursion limit": "write the recursion as a loop",
    "the timeout of sockets": "give each connection its own timeout",
    "standard output": "leave it alone; use the module logging",
    "the root logger": "log to logging.getLogger(__name__) and leave handlers to the program",
    "NumPy's error state": "use numpy.errstate() around your own calls",
    "OpenCV's threads": "leave cv2.setNumThreads alone; edgereg shares the cores out",
    "threads": "end each thread where its work ends, in close() at the latest",
}
# What edgereg starts while a task is at work.
OWN_THREADS = frozenset({"watchdog"})
# What OpenCV and PyTorch set for themselves when they are imported.
OF_LIBRARIES = frozenset(
    {"LD_LIBRARY_PATH", "QT_QPA_FONTDIR", "QT_QPA_PLATFORM_PLUGIN_PATH", "KMP_INIT_AT_FORK"}
)


def surroundings() -> dict[str, object]:
    """The state of everything in MENDS, as far as it has been imported."""
    root = logging.getLogger()
    state: dict[str, object] = {
        "the environment": {k: v for k, v in os.environ.items() if k not in OF_LIBRARIES},
        "sys.path": [*sys.path],
        # Libraries add narrow filters when they are imported; a sweeping one is for everybody.
        "the filters of warnings": [f for f in warnings.filters if f[1] is f[3] is None],
        "the handlers of signals": [signal.getsignal(each) for each in signal.valid_signals()],
        "the recursion limit": sys.getrecursionlimit(),
        "the timeout of sockets": socket.getdefaulttimeout(),
        "standard output": (sys.stdout, sys.stderr),
        "the root logger": (root.level, [*root.handlers]),
        "threads": {thread.name for thread in threading.enumerate()} - OWN_THREADS,
    }
    if (numpy := sys.modules.get("numpy")) is not None:
        state["NumPy's error state"] = numpy.geterr()
    if (cv2 := sys.modules.get("cv2")) is not None:
        state["OpenCV's threads"] = cv2.getNumThreads()
    return state


def changes(before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[str]:
    """What differs between two states; of the environment and the threads, what came or went."""
    for what, old in before.items():
        new = after.get(what, old)
        if new == old:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            names = {name for name in {*old, *new} if old.get(name) != new.get(name)}
            yield f"{what} ({', '.join(sorted(map(str, names)))})"
        elif isinstance(old, set) and isinstance(new, set):
            if new - old:
                yield f"{what} ({', '.join(sorted(new - old))})"
        else:
            yield what


def mend_of(change: str) -> str:
    """What to do about a change."""
    return MENDS[change.partition(" (")[0]]
