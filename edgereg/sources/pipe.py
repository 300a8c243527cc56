"""Standard input and named pipes: a stream that is read once, from the start, losing nothing."""

from __future__ import annotations

import os
import select
import stat
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from edgereg.core.errors import SourceError
from edgereg.core.frames import Frame, SourceInfo
from edgereg.core.shown import shown
from edgereg.sources.clock import Clock
from edgereg.sources.container import Opening, open_container
from edgereg.sources.decoder import Decoder
from edgereg.sources.options import SourceOptions
from edgereg.sources.pixels import Pixels

STANDARD_INPUT = "-"
# How often a waiting read looks whether it is still wanted.
_LOOK_S = 0.25


class _Reader:
    """The reading end of a pipe as a file object: it waits for the first bytes only so long."""

    def __init__(self, descriptor: int, timeout_s: float) -> None:
        self._descriptor = descriptor
        self._timeout_s = timeout_s
        self.begun = False
        self.closed = False

    def read(self, size: int = 1 << 16) -> bytes:
        """Up to `size` bytes; none at the end. Raises SourceError where nothing ever comes."""
        looks = self._timeout_s / _LOOK_S
        while not self.closed:
            content = self._read(size)
            if content:
                self.begun = True
            if content or (content is not None and self.begun):
                return content
            looks -= 1
            if not self.begun and looks <= 0:
                raise SourceError(f"nothing came for {self._timeout_s:g} s; nobody writes to it")
        return b""

    def _read(self, size: int) -> bytes | None:
        """What is there within `_LOOK_S`, or None. A named pipe without a writer gives b""."""
        # On Windows select knows sockets only, and reading waits.
        ready = sys.platform == "win32" or select.select([self._descriptor], [], [], _LOOK_S)[0]
        if not ready:
            return None
        try:
            content = os.read(self._descriptor, size)
        except BlockingIOError:
            return None
        if not content and not self.begun and stat.S_ISFIFO(os.fstat(self._descriptor).st_mode):
            time.sleep(_LOOK_S)
        return content


class PipeSource:
    """Frames of a recording that comes through a pipe. It can't be searched."""

    def __init__(self, target: str, options: SourceOptions) -> None:
        """Wait for the first frame. target: `-` or a named pipe's path.

        Raises SourceError after `timeout_s`, or where what comes is no video that can be read
        without going back in it.
        """
        self._name = "standard input" if target == STANDARD_INPUT else shown(target)
        self._descriptor = _descriptor(target)
        self._owned = target != STANDARD_INPUT
        self._reader = _Reader(self._descriptor, options.timeout_s)
        self._lock = threading.Lock()
        file = cast("IO[bytes]", self._reader)
        opening = Opening(file, options.max_pixels, {"protocol_whitelist": "pipe"})
        try:
            self._decoder = Decoder(lambda: open_container(opening))
            opened = self._decoder.opened
            self._pixels = Pixels()
            self._clock = Clock(opened.time_base, opened.fps, jumps=opened.jumps)
            self._pictures = self._decoder.from_start()
            self._damaged = 0
            self._index = 0
            self._ahead = self._next()
        except SourceError as error:
            advice = _AS_STREAM if self._reader.begun else ""
            raise SourceError(f"{self._name}: {error}{advice}") from error
        if self._ahead is None:
            raise SourceError(f"{self._name}: no frame in it can be decoded{_AS_STREAM}")
        height, width = self._ahead.image.shape[:2]
        self._info = SourceInfo(
            self._name, width, height, opened.fps, None, seekable=False, live=False
        )

    @property
    def info(self) -> SourceInfo:
        """What is known before the first frame."""
        return self._info

    @property
    def warnings(self) -> tuple[str, ...]:
        """Damaged frames."""
        return (f"{self._name}: {self._damaged} frames are damaged",) if self._damaged else ()

    def frames(self) -> Iterator[Frame]:
        """Frames as they come, up to the end of the stream."""
        while True:
            with self._lock:
                frame, self._ahead = self._ahead or self._next(), None
            if frame is None:
                return
            yield frame

    def seek(self, index: int) -> None:
        """Raises SourceError: what came through a pipe is gone."""
        raise SourceError(f"{self._name}: can't be searched; save it to a file first")

    def close(self) -> None:
        """End a running iteration."""
        self._reader.closed = True
        with self._lock:
            self._ahead, self._pictures = None, iter(())
            self._decoder.close()
            if self._owned:
                os.close(self._descriptor)

    def _next(self) -> Frame | None:
        picture = next(self._pictures, None)
        if picture is None:
            return None
        self._damaged += picture.damaged
        index, self._index = self._index, self._index + 1
        return Frame(index, self._clock(picture.pts), self._pixels.rgb(picture.frame), self._name)


_AS_STREAM = "; through a pipe go MPEG-TS, Matroska, WebM, MJPEG and fragmented MP4"


def is_pipe(path: Path) -> bool:
    """Whether the path is a named pipe."""
    try:
        return stat.S_ISFIFO(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def _descriptor(target: str) -> int:
    try:
        if target == STANDARD_INPUT:
            return sys.stdin.fileno()
        return os.open(target, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except (OSError, AttributeError) as error:
        why = getattr(error, "strerror", None) or "is closed"
        raise SourceError(f"{shown(target)}: can't be read: {why}") from error
