"""Decoded pictures of FFmpeg -> RGB arrays, upright."""

from __future__ import annotations

import threading

import cv2
import numpy as np
import numpy.typing as npt
from av import VideoFrame
from av.error import FFmpegError
from av.video.reformatter import VideoReformatter

from edgereg.core.errors import SourceError

# FFmpeg counts a display matrix's degrees against the clock.
_TURNS = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, -90: cv2.ROTATE_90_CLOCKWISE}


class Pixels:
    """Converts pictures of one stream; what the conversion needs is set up once. Any thread may
    call."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()
        self._lock = threading.Lock()

    def rgb(self, picture: VideoFrame, longest: int | None = None) -> npt.NDArray[np.uint8]:
        """uint8 [H, W, 3] RGB that nobody can write into, turned as the recording says.

        longest: pixels to which the longer side is made smaller, roughly, where it has more.
        The array is FFmpeg's own memory, without a copy, where no row of it is padded. Raises
        SourceError, whose line names no source, for a form of pictures that FFmpeg can't convert.
        """
        try:
            with self._lock:
                converted = self._reformatter.reformat(
                    picture, *_within(picture, longest), format="rgb24", dst_color_range="JPEG"
                )
        except FFmpegError as error:
            form = picture.format.name
            raise SourceError(f"pictures of the form {form} can't be shown: {error}") from error
        plane = converted.planes[0]
        width, height, row = converted.width, converted.height, plane.line_size
        if row < 0:  # stored from the last row upward
            image = np.asarray(converted.to_ndarray(), np.uint8)
        else:
            rows = np.frombuffer(memoryview(plane), np.uint8, row * height).reshape(height, row)
            image = rows[:, : 3 * width].reshape(height, width, 3)
        turn = _TURNS.get(_quarter(picture.rotation))
        if turn is not None:
            image = np.asarray(cv2.rotate(image, turn), np.uint8)
        image.flags.writeable = False
        return image


def _within(picture: VideoFrame, longest: int | None) -> tuple[int, int]:
    """Width and height of a picture whose longer side is to have so many pixels at most."""
    width, height = picture.width, picture.height
    shrink = 1.0 if longest is None else min(longest / max(width, height), 1.0)
    return max(round(shrink * width), 1), max(round(shrink * height), 1)


def _quarter(degrees: int) -> int:
    """The nearest quarter turn, of -90, 0, 90 and 180."""
    quarter = round(degrees / 90) * 90 % 360
    return quarter - 360 if quarter > 180 else quarter
