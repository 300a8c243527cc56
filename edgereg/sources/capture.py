"""OpenCV's VideoCapture, opened quietly."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np
import numpy.typing as npt

# FFmpeg would write its own complaints beside edgereg's one line. A user's setting goes first.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
SILENT = 0


@contextmanager
def quiet_opencv() -> Iterator[None]:
    """No complaints of OpenCV's own inside the block: edgereg says in one line what failed."""
    # OpenCV 4, which Jetsons bring, has it in another place.
    logging = getattr(cv2.utils, "logging", cv2)
    level = logging.setLogLevel(SILENT)
    try:
        yield
    finally:
        logging.setLogLevel(level)


def open_capture(target: str | int, backend: int = cv2.CAP_ANY) -> cv2.VideoCapture | None:
    """An opened capture, or None where OpenCV can't open the target."""
    try:
        with quiet_opencv():
            capture = cv2.VideoCapture(target, backend)
    except cv2.error:
        return None
    if not capture.isOpened():
        capture.release()
        return None
    return capture


def read_raw(capture: cv2.VideoCapture) -> npt.NDArray[np.uint8] | None:
    """The next decoded frame as OpenCV gives it, possibly without pixels; None at the end."""
    try:
        ok, raw = capture.read()
    except cv2.error:
        return None
    return np.asarray(raw, np.uint8) if ok else None


def rgb(image: npt.NDArray[np.uint8] | None) -> npt.NDArray[np.uint8] | None:
    """RGB uint8 [H, W, 3] of what OpenCV read (BGR, BGRA or grey), None if without pixels."""
    if image is None or image.size == 0:
        return None
    if image.ndim == 2 or image.shape[2] == 1:
        code = cv2.COLOR_GRAY2RGB
    else:
        code = cv2.COLOR_BGRA2RGB if image.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return np.asarray(cv2.cvtColor(image, code), np.uint8)
