"""Annotated video."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from edgereg.core.errors import SinkError
from edgereg.core.result import FrameResult
from edgereg.sinks.files import reason
from edgereg.sinks.space import ensure_space
from edgereg.sources.base import SourceInfo
from edgereg.sources.capture import open_capture, quiet_opencv

# H.264 plays everywhere, but not every OpenCV can write it; MPEG-4 Part 2 always works.
CODECS = ("avc1", "mp4v")
SPACE_CHECK_EVERY = 30
# A live source that was gone longer than this is not shown as a still for all that time.
LONGEST_STILL_S = 10.0


class VideoSink:
    """The pictures of the results as an MP4 video; it is playable once closed.

    The first picture sets the size (rounded to even numbers); one of another size is fitted into
    it. Pictures of a live source are repeated where frames were lost, so that time stays true.
    """

    def __init__(self, path: Path, info: SourceInfo) -> None:
        """Reserve the path. Raises SinkError where it can't be written."""
        self._path = path
        self._info = info
        self._writer: cv2.VideoWriter | None = None
        self._closed = False
        self._size = (0, 0)
        self._count = 0
        self._last_s = 0.0
        self._elapsed_s = 0.0
        if path.is_dir():
            raise SinkError(f"{path}: is a folder; name a file")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"")
        except OSError as error:
            raise SinkError(f"{path}: can't be written: {reason(error)}") from error

    def write(self, result: FrameResult) -> None:
        """Append the frame's picture (its plain image where nothing was painted)."""
        picture = result.image if result.picture is None else result.picture
        if self._closed:
            raise SinkError(f"{self._path}: is closed")
        if self._writer is None:
            self._writer = self._open(picture)
            self._last_s = result.time_s
        if self._count % SPACE_CHECK_EVERY == 0:
            ensure_space(self._path)
        bgr = cv2.cvtColor(_fit(picture, self._size), cv2.COLOR_RGB2BGR)
        for _ in range(self._repeats(result.time_s)):
            self._writer.write(bgr)
            self._count += 1

    def close(self) -> None:
        """Finish the file and make sure that it opens. Raises SinkError if not."""
        self._closed = True
        if self._writer is None:
            return
        self._writer.release()
        self._writer = None
        capture = open_capture(str(self._path))
        if capture is None:
            raise SinkError(f"{self._path}: the video could not be finished; is the disk full?")
        capture.release()

    def _open(self, picture: npt.NDArray[np.uint8]) -> cv2.VideoWriter:
        height, width = picture.shape[:2]
        self._size = (max(2, width - width % 2), max(2, height - height % 2))
        ensure_space(self._path)
        for codec in CODECS:
            code = cv2.VideoWriter.fourcc(*codec)
            with quiet_opencv():
                writer = cv2.VideoWriter(str(self._path), code, self._info.fps, self._size)
            if writer.isOpened():
                return writer
            writer.release()
        raise SinkError(f"{self._path}: OpenCV can't write video with any of {', '.join(CODECS)}")

    def _repeats(self, time_s: float) -> int:
        if not self._info.live:
            return 1
        step = time_s - self._last_s
        self._last_s = time_s
        # A looped recording jumps back to its start: that is one frame on, not time undone.
        self._elapsed_s += min(step, LONGEST_STILL_S) if step >= 0 else 1 / self._info.fps
        return max(round(self._elapsed_s * self._info.fps) + 1 - self._count, 0)


def _fit(picture: npt.NDArray[np.uint8], size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """The picture in `size` (width, height): cut by a pixel, or scaled down and centred."""
    width, height = size
    if picture.shape[1] - width in (0, 1) and picture.shape[0] - height in (0, 1):
        return picture[:height, :width]
    ratio = min(width / picture.shape[1], height / picture.shape[0])
    scaled = cv2.resize(
        picture,
        (max(1, round(picture.shape[1] * ratio)), max(1, round(picture.shape[0] * ratio))),
        interpolation=cv2.INTER_AREA if ratio < 1 else cv2.INTER_LINEAR,
    )
    canvas = np.zeros((height, width, 3), np.uint8)
    top, left = (height - scaled.shape[0]) // 2, (width - scaled.shape[1]) // 2
    canvas[top : top + scaled.shape[0], left : left + scaled.shape[1]] = scaled
    return canvas
