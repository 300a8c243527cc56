"""Cameras of this machine and GStreamer pipelines, through OpenCV."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import cv2
import numpy as np

from edgereg.core.arrays import Image
from edgereg.core.errors import SourceError
from edgereg.core.shown import shown
from edgereg.sources.capture import open_capture, read_raw, rgb
from edgereg.sources.live import LiveSettings, LiveSource
from edgereg.sources.options import CameraMode, SourceOptions

# Faults in a row after which a device counts as gone.
_FAULTS = 30


class OpenCVCapture:
    """A device or pipeline that OpenCV reads. Its pictures carry no times."""

    def __init__(self, capture: cv2.VideoCapture) -> None:
        self._capture = capture
        fps = float(capture.get(cv2.CAP_PROP_FPS))
        count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self.fps = fps if np.isfinite(fps) and 0 < fps <= 1000 else 30.0
        self.length = count if count > 0 else None
        self._read = 0

    def read(self) -> tuple[Callable[[], Image], float] | None:
        """The next picture with pixels; None at the end."""
        for _ in range(_FAULTS):
            raw = read_raw(self._capture)
            if raw is None:
                return None
            image = rgb(raw)
            if image is not None:
                image.flags.writeable = False
                self._read += 1
                return partial(np.asarray, image), (self._read - 1) / self.fps
        return None

    def close(self) -> None:
        """Release the device."""
        self._capture.release()


def open_camera(index: int, options: SourceOptions) -> LiveSource:
    """A camera by its index. Raises SourceError."""
    return LiveSource(
        f"camera {index}",
        lambda: _connect(index, cv2.CAP_ANY, options.camera),
        LiveSettings(options.timeout_s, options.reconnect_s),
        "check that it is plugged in and that no other program uses it",
    )


def open_gstreamer(pipeline: str, options: SourceOptions) -> LiveSource:
    """A GStreamer pipeline that ends in an appsink. Raises SourceError."""
    if not re.search(r"GStreamer:\s+YES", cv2.getBuildInformation()):
        raise SourceError(
            "this OpenCV was built without GStreamer; install one that has it (JetPack's has)"
        )
    return LiveSource(
        shown(pipeline),
        lambda: _connect(pipeline, cv2.CAP_GSTREAMER, None),
        LiveSettings(options.timeout_s, options.reconnect_s),
        "try it with gst-launch-1.0, and let it end in 'videoconvert ! appsink'",
    )


def _connect(target: str | int, backend: int, mode: CameraMode | None) -> OpenCVCapture:
    capture = open_capture(target, backend)
    if capture is None:
        raise SourceError("can't be opened")
    try:
        if mode is not None:
            _ask(capture, mode)
    except SourceError:
        capture.release()
        raise
    return OpenCVCapture(capture)


def _ask(capture: cv2.VideoCapture, mode: CameraMode) -> None:
    """Ask a camera for a mode. Raises SourceError where it gives another one."""
    code = None if mode.code is None else float(cv2.VideoWriter.fourcc(*mode.code))
    wanted = (
        ("format", cv2.CAP_PROP_FOURCC, code),  # first: sizes and rates depend on it
        ("width", cv2.CAP_PROP_FRAME_WIDTH, mode.width),
        ("height", cv2.CAP_PROP_FRAME_HEIGHT, mode.height),
        ("rate", cv2.CAP_PROP_FPS, mode.fps),
    )
    for _, what, value in wanted:
        if value is not None:
            capture.set(what, value)
    given = [
        f"{name} {_readable(name, capture.get(what))} instead of {_readable(name, value)}"
        for name, what, value in wanted
        if value is not None and abs(capture.get(what) - value) > 0.5
    ]
    if given:
        raise SourceError(f"has no such mode: it gives {', '.join(given)}")


def _readable(name: str, value: float) -> str:
    if name != "format":
        return f"{value:g}"
    return int(value).to_bytes(4, "little", signed=False).decode("latin-1").strip("\0") or "none"
