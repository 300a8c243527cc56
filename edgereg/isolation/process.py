"""The process of one plugin, as the program sees it: questions, answers, and what ends it."""

from __future__ import annotations

import pickle
import queue
import signal
import subprocess
import sys
import threading
import weakref
from contextlib import suppress
from multiprocessing.shared_memory import SharedMemory
from typing import IO, Any

import numpy as np

from edgereg.core.frames import Frame


class IsolatedError(Exception):
    """The process of a plugin crashed, did not answer in time, or answers with an error."""


class Process:
    """Starts with the first question, and again after it has ended. Any thread may ask."""

    def __init__(self, plugin: str) -> None:
        self.plugin = plugin
        # Counts the ends: what was opened in an earlier process is gone with it.
        self.ended = 0
        self._lock = threading.Lock()
        self._child: _Child | None = None

    def ask(self, question: str, *details: Any, within_s: float, frame: Frame | None = None) -> Any:
        """The answer of the process. Raises IsolatedError."""
        with self._lock:
            if self._child is None:
                self._child = _Child(self.plugin)
            try:
                return self._child.ask(question, details, frame, within_s)
            except _GoneError as gone:
                self._child.end()
                self._child = None
                self.ended += 1
                raise IsolatedError(str(gone)) from gone


class _GoneError(Exception):
    """Nothing more is to be expected of the process."""


class _Child:
    """One process from its start to its end."""

    def __init__(self, plugin: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "edgereg.isolation.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._memory: list[SharedMemory] = []
        self._answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        reader = threading.Thread(
            target=_read, args=(self._process.stdout, self._answers), daemon=True
        )
        reader.start()
        self.end = weakref.finalize(self, _end, self._process, self._memory)
        self._tell((plugin, sys.path))

    def ask(
        self, question: str, details: tuple[Any, ...], frame: Frame | None, within_s: float
    ) -> Any:
        self._tell((question, None if frame is None else self._shared(frame), details))
        try:
            answer = self._answers.get(timeout=within_s)
        except queue.Empty:
            raise _GoneError(f"no answer in {within_s:g} s; its process was ended") from None
        if answer is None:
            code = self._process.wait()
            why = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            raise _GoneError(f"its process ended by itself ({why})")
        if isinstance(answer, str):
            raise IsolatedError(answer)
        return answer[0]

    def _tell(self, message: Any) -> None:
        pipe = self._process.stdin
        with suppress(BrokenPipeError, OSError):  # the missing answer tells
            pickle.dump(message, pipe)  # type: ignore[arg-type]
            pipe.flush()  # type: ignore[union-attr]

    def _shared(self, frame: Frame) -> tuple[Any, ...]:
        """The frame without its pixels, which go into memory that both processes see."""
        image = np.ascontiguousarray(frame.image)
        if not self._memory or self._memory[-1].size < image.nbytes:
            self._memory.append(SharedMemory(create=True, size=image.nbytes))
        memory = self._memory[-1]
        np.ndarray(image.shape, np.uint8, memory.buf)[:] = image
        facts = (frame.index, frame.time_s, frame.name, frame.clip, frame.still)
        return memory.name, image.shape, facts


def _read(pipe: IO[bytes], answers: queue.SimpleQueue[Any]) -> None:
    try:
        while True:
            answers.put(pickle.load(pipe))  # noqa: S301
    except Exception:  # its end, at once or in the middle of an answer
        answers.put(None)


def _end(process: subprocess.Popen[bytes], memory: list[SharedMemory]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        with suppress(OSError):
            if pipe is not None:
                pipe.close()
    for each in memory:
        each.close()
        each.unlink()
