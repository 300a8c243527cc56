"""Video files, GIFs included."""

from __future__ import annotations

import threading
from codecs import getincrementaldecoder
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from edgereg.core.errors import SourceError
from edgereg.sources.base import Frame, SourceInfo
from edgereg.sources.capture import open_capture, read_raw, rgb

# Up to here, reading on is quicker than jumping to a key frame.
NEAR = 32
# A container's frame count is an estimate; an end this much too early means a truncated file.
EARLY_SHARE, EARLY_FRAMES = 0.02, 2


class VideoFile:
    """Frames of a video file, in order, with exact seeking.

    A frame without pixels is skipped and counted in `warnings`; so is an end well before the
    declared number of frames. A frame size that changes is passed on as it is.
    """

    def __init__(self, path: Path | str) -> None:
        """Open a file and read its first frame.

        Raises SourceError where it is missing, a folder, empty, no video, or without any frame.
        """
        self._path = Path(path)
        _check_file(self._path)
        self._lock = threading.Lock()
        self._warnings: list[str] = []
        self._position = 0
        self._capture = open_capture(str(self._path))
        if self._capture is None:
            raise SourceError(f"{self._path}: not a video that OpenCV can read; convert it")
        self._info = _info(self._path, self._capture)
        self._ahead = self._read()
        if self._ahead is None:
            self.close()
            raise SourceError(f"{self._path}: no frame in it can be decoded; the file is damaged")
        height, width = self._ahead.image.shape[:2]
        self._info = replace(self._info, width=width, height=height)

    @property
    def info(self) -> SourceInfo:
        """What is known before the first frame; `frame_count` is what the container declares."""
        return self._info

    @property
    def warnings(self) -> tuple[str, ...]:
        """Skipped frames and an early end, one line each."""
        return tuple(self._warnings)

    def frames(self) -> Iterator[Frame]:
        """Frames from the current position to the end."""
        while True:
            with self._lock:
                frame, self._ahead = self._ahead or self._read(), None
            if frame is None:
                return
            yield frame

    def seek(self, index: int) -> None:
        """Make `index` the next frame, exactly. Raises SourceError outside the file."""
        with self._lock:
            if self._capture is None:
                raise SourceError(f"{self._path}: is closed; open it again")
            if self._ahead is not None and self._ahead.index == index:
                return
            self._ahead = None
            if index >= 0:
                self._jump(index)
                self._ahead = self._read()
            if self._ahead is None or self._ahead.index != index:
                raise SourceError(f"{self._path}: no frame {index}; it ends at {self._position}")

    def close(self) -> None:
        """Release the file; a running iteration ends."""
        with self._lock:
            if self._capture is not None:
                self._capture.release()
            self._capture = None
            self._ahead = None

    def _jump(self, index: int) -> None:
        """Put the decoder on `index`; where OpenCV misses it, read again from the start."""
        assert self._capture is not None  # noqa: S101 - `seek` has checked it
        if not self._position <= index <= self._position + NEAR:
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, index)
            self._position = round(self._capture.get(cv2.CAP_PROP_POS_FRAMES))
            if self._position > index:
                self._capture = open_capture(str(self._path))
                self._position = 0
        while self._capture is not None and self._position < index and self._capture.grab():
            self._position += 1

    def _read(self) -> Frame | None:
        """Decode on to the next frame with pixels; None at the end or once closed."""
        while self._capture is not None:
            time_s = self._position / self._info.fps
            raw = read_raw(self._capture)
            if raw is None:
                self._note_early_end()
                return None
            stamp = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            if np.isfinite(stamp) and stamp > 0:
                time_s = float(stamp)
            index, self._position = self._position, self._position + 1
            image = rgb(raw)
            if image is not None:
                return Frame(index, time_s, image)
            self._warnings.append(f"{self._path}: frame {index} has no pixels; skipped")
        return None

    def _note_early_end(self) -> None:
        count = self._info.frame_count or 0
        missing = count - self._position
        if self._position and missing > EARLY_FRAMES + EARLY_SHARE * count:
            text = (
                f"{self._path}: ended after {self._position} of {count} frames; "
                "the file is truncated or damaged"
            )
            if text not in self._warnings:
                self._warnings.append(text)


def _info(path: Path, capture: cv2.VideoCapture) -> SourceInfo:
    fps = float(capture.get(cv2.CAP_PROP_FPS))
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    return SourceInfo(
        path.name,
        int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
        int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
        fps if np.isfinite(fps) and 0 < fps <= 1000 else 25.0,
        count if count > 0 else None,
        seekable=True,
        live=False,
        files=(path,),
    )


def exists(path: Path) -> bool:
    """Whether there is such a file or folder; a text that can't be a file's name is none."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _check_file(path: Path) -> None:
    """One clear line for what OpenCV would only answer with 'not opened'."""
    if not exists(path):
        raise SourceError(f"{path}: no such file; check the path")
    if path.is_dir():
        raise SourceError(f"{path}: is a folder, not a video file")
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError as error:
        raise SourceError(f"{path}: can't be read: {error.strerror}") from error
    if not start:
        raise SourceError(f"{path}: the file is empty")
    if _is_text(start):
        raise SourceError(f"{path}: is a text file, not a video")


def _is_text(start: bytes) -> bool:
    """Whether a file that begins so is text.

    OpenCV would play a plain text as a film of letters, and follow a playlist to any file or host.
    """
    if b"\0" in start or start.startswith(b"YUV4MPEG2"):
        return False
    decoder = getincrementaldecoder("utf-8")()
    try:
        decoder.decode(start)  # a character cut at the end is no fault
    except UnicodeDecodeError:
        return False
    return True
