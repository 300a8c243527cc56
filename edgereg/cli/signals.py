"""Signals that end a program: every command goes the way of Ctrl-C, within seconds."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

# How long a command may take to notice. Inside a library that compiles, Python never does.
NOTICE_S = 4.0

_noticed = threading.Event()
_stuck: list[str] = []


@contextmanager
def signals_interrupt() -> Iterator[None]:
    """Let SIGTERM, SIGHUP and Ctrl-Break raise KeyboardInterrupt in the main thread.

    A command that does not come to notice it is ended all the same. What is ignored stays ignored:
    under nohup a run outlives its terminal. Does nothing in any other thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [n for n in _terminations() if signal.getsignal(n) is not signal.SIG_IGN]
    before = {number: signal.signal(number, _interrupt) for number in numbers}
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    told_before = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_guard, args=(ours,), name="signals", daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(told_before)
        theirs.close()
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def signals_ignored() -> Iterator[None]:
    """A second Ctrl-C must not cut off the closing of the outputs."""
    numbers = (signal.SIGINT, *_terminations())
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def note_stuck(what: str) -> None:
    """A thread hangs inside a library: the interpreter can't be taken down around it."""
    _stuck.append(what)


def leave(code: int) -> None:
    """End the process, at once where a thread is stuck."""
    if _stuck:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)
    sys.exit(code)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    _noticed.set()
    raise KeyboardInterrupt


def _guard(told: socket.socket) -> None:
    """Wait for a signal; where Python's own handler has not run by then, end the process."""
    with told:
        while number := told.recv(1):
            with suppress(ValueError):
                ours = signal.getsignal(signal.Signals(number[0])) is _interrupt
                if ours and not _noticed.wait(NOTICE_S):
                    os.write(2, b"Error: interrupted\n")
                    os._exit(1)


def _terminations() -> list[signal.Signals]:
    names = ("SIGTERM", "SIGBREAK", "SIGHUP")
    return [getattr(signal, name) for name in names if hasattr(signal, name)]
