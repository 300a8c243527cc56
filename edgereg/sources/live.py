"""Cameras and network streams: read by a thread, so that a dead one is an error and not a hang."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from edgereg.core.arrays import Image
from edgereg.core.errors import SourceError
from edgereg.core.frames import Frame, SourceInfo

# How many frames may wait for the reader before the oldest is lost.
WAITING = 2
# How long closing waits for a read that is under way.
RELEASE_S = 1.0
# Interruptions that are told one by one; a stream that runs for months may have more.
TOLD = 500


class Capture(Protocol):
    """An open camera or stream. One thread reads and closes it."""

    fps: float

    @property
    def length(self) -> int | None:
        """About how many frames there are; None: it is endless."""
        ...

    def read(self) -> tuple[Callable[[], Image], float] | None:
        """What makes the next picture, RGB, and its seconds from the first one on; None at the end.

        The seconds of an endless stream are not used. Raises SourceError where the connection is
        lost.
        """
        ...

    def close(self) -> None:
        """Release the device or connection."""
        ...


@dataclass(frozen=True)
class LiveSettings:
    """timeout_s: longest wait for opening or for one frame. reconnect_s: how long a stream that
    stopped is tried again, None: for ever. pause_s, longest_pause_s: between two tries, doubled
    each time.
    """

    timeout_s: float = 10.0
    reconnect_s: float | None = None
    pause_s: float = 0.5
    longest_pause_s: float = 30.0


class LiveSource:
    """Frames of a device or stream that may stall, vanish and come back.

    A stream that never gave a frame is an error. One that stops is opened again, with growing
    pauses, for ever or for `reconnect_s`; `warnings` tells when it went and when it came back. A
    stream of known length (a file behind an address) ends instead, and loses no frame; of an
    endless one the oldest waiting frame is lost when the reader is late, counted in `dropped`.
    """

    def __init__(
        self, name: str, connect: Callable[[], Capture], settings: LiveSettings, advice: str
    ) -> None:
        """Connect and wait for the first frame. Raises SourceError after `timeout_s`.

        connect: opens the device or stream, raises SourceError where it can't.
        """
        self._name = name
        self._connect = connect
        self._settings = settings
        self._advice = advice
        self._warnings: list[str] = []
        self._waiting: deque[Frame] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._finished = False
        self._away_since: float | None = None
        self._failure: str | None = None
        self._fps = 30.0
        self._length: int | None = None
        self._next_index = 0
        self._start = time.monotonic()
        self.dropped = 0
        self._thread = threading.Thread(target=self._work, name=f"source {name}", daemon=True)
        self._thread.start()
        self._info = self._first()

    @property
    def info(self) -> SourceInfo:
        """What is known before the first frame."""
        return self._info

    @property
    def warnings(self) -> tuple[str, ...]:
        """Interruptions, one line when one begins and one when it ends."""
        return tuple(self._warnings)

    def frames(self) -> Iterator[Frame]:
        """Frames as they come. Raises SourceError when the stream is dead."""
        while self._await() and not self._closed:
            with self._changed:
                frame = self._waiting.popleft() if self._waiting else None
                self._changed.notify_all()
            if frame is not None:
                yield frame

    def seek(self, index: int) -> None:
        """Raises SourceError: a live source has no past."""
        raise SourceError(f"{self._name}: is live; it can't go to frame {index}")

    def close(self) -> None:
        """Stop reading, and wait shortly: the device is released as soon as its read returns.

        A program that ends while GStreamer still reads is aborted.
        """
        self._stop()
        self._thread.join(RELEASE_S)

    def _stop(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _first(self) -> SourceInfo:
        if not self._await():
            raise SourceError(f"{self._name}: ended before its first frame; {self._advice}")
        height, width = self._waiting[0].image.shape[:2]
        live = self._length is None
        return SourceInfo(self._name, width, height, self._fps, self._length, False, live)

    def _await(self) -> bool:
        """Wait for a frame; False at the end. Raises SourceError where none comes."""
        with self._changed:
            while True:
                came = self._changed.wait_for(
                    lambda: self._closed or self._finished or bool(self._waiting),
                    self._settings.timeout_s,
                )
                if came or self._away_since is None:
                    break
            if self._waiting or self._closed:
                return not self._closed
            failure = self._failure
        if not came:
            self._stop()
            failure = f"no frame for {self._settings.timeout_s:g} s"
        if failure is not None:
            raise SourceError(f"{self._name}: {failure}; {self._advice}")
        return False

    def _work(self) -> None:
        """The thread: connect, read, connect again; it owns the capture and closes it."""
        pause_s = self._settings.pause_s
        while not self._closed:
            before = self._next_index
            try:
                reason = self._read_on()
            except (
                Exception
            ) as error:  # nobody else would hear of it: the reader would wait for ever
                known = isinstance(error, SourceError)
                reason = str(error) if known else f"failed: {type(error).__name__}: {error}"
            if self._closed or reason is None:
                break
            if not self._next_index:
                self._failure = reason
                break
            if self._next_index > before:
                pause_s = self._settings.pause_s
            if not self._stays(reason):
                break
            with self._changed:
                self._changed.wait_for(lambda: self._closed, pause_s)
            pause_s = min(2 * pause_s, self._settings.longest_pause_s)
        with self._changed:
            self._finished = True
            self._changed.notify_all()

    def _read_on(self) -> str | None:
        """Connect and read; why it stopped, None where a stream of known length has ended."""
        capture = self._connect()
        try:
            self._fps, self._length = capture.fps, capture.length
            while not self._closed:
                found = capture.read()
                if found is None:
                    return None if self._length is not None else "stopped delivering frames"
                self._offer(*found)
            return None
        finally:
            capture.close()

    def _stays(self, reason: str) -> bool:
        """Note that the stream is away; whether it is to be tried again."""
        now = time.monotonic()
        if self._away_since is None:
            self._away_since = now
            self._tell(f"{reason} at {time.strftime('%H:%M:%S')}; reconnecting")
        limit = self._settings.reconnect_s
        if self._length is not None or (limit is not None and now - self._away_since >= limit):
            self._failure = reason
            return False
        return True

    def _tell(self, line: str) -> None:
        if len(self._warnings) < TOLD:
            self._warnings.append(f"{self._name}: {line}")
        elif len(self._warnings) == TOLD:
            self._warnings.append(f"{self._name}: further interruptions are not listed")

    def _offer(self, develop: Callable[[], Image], time_s: float) -> None:
        """Put a frame where `frames` finds it."""
        if self._away_since is not None:
            self._tell(f"is back after {time.monotonic() - self._away_since:.0f} s")
        with self._changed:
            self._away_since = None
            if self._length is not None:
                self._changed.wait_for(lambda: self._closed or len(self._waiting) < WAITING)
            else:
                time_s = time.monotonic() - self._start
            while len(self._waiting) >= WAITING:
                self._waiting.popleft()
                self.dropped += 1
            frame = Frame.undeveloped(self._next_index, time_s, develop, self._name)
            self._waiting.append(frame)
            self._next_index += 1
            self._changed.notify_all()
