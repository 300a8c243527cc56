"""Cameras and network streams: read by a thread, so that a dead one is an error and not a hang."""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from edgereg.core.errors import SourceError
from edgereg.core.frames import Frame, SourceInfo
from edgereg.sources.capture import open_capture, read_raw, rgb

# How many frames may wait for the reader before the oldest is lost.
WAITING = 2
# How long closing waits for a read that is under way.
RELEASE_S = 1.0


@dataclass(frozen=True)
class LiveSettings:
    """timeout_s: longest wait for opening or for one frame. reconnects: attempts in a row."""

    timeout_s: float = 10.0
    reconnects: int = 3
    pause_s: float = 0.5


class LiveSource:
    """Frames of a device or stream that may stall, vanish and come back.

    A stream that stops is opened again up to `reconnects` times in a row, each counted in
    `warnings`; then, or when no frame comes within `timeout_s`, iteration raises SourceError.
    A stream of known length (a file behind a URL) ends instead, and loses no frame; of an endless
    one the oldest waiting frame is lost when the reader is late, counted in `dropped`.
    """

    def __init__(
        self,
        name: str,
        connect: Callable[[], cv2.VideoCapture | None],
        settings: LiveSettings,
        advice: str,
    ) -> None:
        """Connect and wait for the first frame. Raises SourceError after `timeout_s`."""
        self._name = name
        self._connect = connect
        self._settings = settings
        self._advice = advice
        self._warnings: list[str] = []
        self._waiting: deque[Frame] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._finished = False
        self._failure: str | None = None
        self._length: int | None = None
        self._fps = 30.0
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
        """Reconnections and frames without pixels, one line each."""
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
            came = self._changed.wait_for(
                lambda: self._closed or self._finished or bool(self._waiting),
                self._settings.timeout_s,
            )
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
        """The thread: connect, read, connect again; it owns the capture and releases it."""
        failures = 0
        while not self._closed:
            capture = self._connect()
            delivered = 0
            if capture is not None:
                try:
                    delivered = self._read_all(capture)
                finally:
                    capture.release()
            if self._closed or (self._length is not None and delivered):
                break
            failures = 1 if delivered else failures + 1
            what = "stopped delivering frames" if self._next_index else "can't be opened"
            if not self._next_index or failures > self._settings.reconnects:
                self._failure = what
                break
            self._warnings.append(f"{self._name}: {what}; reconnecting ({failures})")
            time.sleep(self._settings.pause_s)
        with self._changed:
            self._finished = True
            self._changed.notify_all()

    def _read_all(self, capture: cv2.VideoCapture) -> int:
        """Read until the stream ends; how many frames came."""
        fps = float(capture.get(cv2.CAP_PROP_FPS))
        self._fps = fps if np.isfinite(fps) and 0 < fps <= 1000 else 30.0
        count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self._length = count if count > 0 else None
        delivered = 0
        while not self._closed:
            raw = read_raw(capture)
            if raw is None:
                break
            image = rgb(raw)
            if image is None:
                self._warnings.append(f"{self._name}: a frame has no pixels; skipped")
                continue
            delivered += 1
            self._offer(image)
        return delivered

    def _offer(self, image: npt.NDArray[np.uint8]) -> None:
        """Put a frame where `frames` finds it."""
        with self._changed:
            if self._length is not None:
                time_s = self._next_index / self._fps
                self._changed.wait_for(lambda: self._closed or len(self._waiting) < WAITING)
            else:
                time_s = time.monotonic() - self._start
            while len(self._waiting) >= WAITING:
                self._waiting.popleft()
                self.dropped += 1
            self._waiting.append(Frame(self._next_index, time_s, image, self._name))
            self._next_index += 1
            self._changed.notify_all()


def open_camera(index: int, timeout_s: float = 10.0) -> LiveSource:
    """A camera by its index."""
    return LiveSource(
        f"camera {index}",
        lambda: open_capture(index),
        LiveSettings(timeout_s),
        "check that it is plugged in and that no other program uses it",
    )


def open_url(url: str, timeout_s: float = 10.0) -> LiveSource:
    """An rtsp, http or other URL that FFmpeg knows."""
    return LiveSource(
        _without_password(url),
        lambda: open_capture(url, cv2.CAP_FFMPEG, timeout_s),
        LiveSettings(timeout_s),
        "check the address and the network",
    )


def _without_password(address: str) -> str:
    """The address as messages may show it."""
    return re.sub(r"//[^/@]*@", "//***@", address)


def open_gstreamer(pipeline: str, timeout_s: float = 10.0) -> LiveSource:
    """A GStreamer pipeline that ends in an appsink."""
    if "GStreamer:                   YES" not in cv2.getBuildInformation():
        raise SourceError(
            "this OpenCV was built without GStreamer; install one that has it (JetPack's has)"
        )
    return LiveSource(
        _without_password(pipeline),
        lambda: open_capture(pipeline, cv2.CAP_GSTREAMER),
        LiveSettings(timeout_s),
        "try it with gst-launch-1.0, and let it end in 'videoconvert ! appsink'",
    )
