"""Annotated video."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.video.reformatter import VideoReformatter

from edgereg.core.errors import SinkError
from edgereg.core.files import MADE_BY, reason
from edgereg.core.frames import SourceInfo
from edgereg.core.result import FrameResult
from edgereg.sinks.containers import (
    CONTAINERS,
    FAULTS,
    TICKS,
    Encoder,
    add_pictures,
    encoder_of,
    frame_of,
    make_whole,
)
from edgereg.sinks.files import UnbufferedFile
from edgereg.sinks.sound import Sound
from edgereg.sinks.space import ensure_space

log = logging.getLogger(__name__)

SPACE_CHECK_EVERY = 30
# A live source that was gone longer than this is not shown as a still for all that time.
LONGEST_STILL_S = 10.0


class VideoSink:
    """The pictures of the results as a video, at their own times, with the sound of their source.

    The first picture sets the size (extended to even numbers); one of another size is fitted into
    it. What is written is playable up to its last picture at any moment; closing it makes it a
    plain file in which players can jump.
    """

    def __init__(self, path: Path, info: SourceInfo) -> None:
        """Reserve the path. Raises SinkError where it can't be written."""
        self._path = path
        self._info = info
        self._kind = CONTAINERS[path.suffix.lower()]
        encoder = encoder_of(self._kind)
        if encoder is None:
            raise SinkError(f"{path}: this PyAV can't encode {self._kind.format}; write .mp4")
        if not encoder.in_browsers:
            log.warning(
                "%s: this PyAV has no encoder for H.264; written is MPEG-4 Part 2, which browsers "
                "don't play",
                path,
            )
        self._encoder: Encoder = encoder
        self._output: Any = None
        self._stream: Any = None
        self._sound: Sound | None = None
        self._formatter = VideoReformatter()
        self._clock = Clock(info)
        self._size = (0, 0)
        self._count = 0
        self._closed = False
        self._failed = False
        self._file = UnbufferedFile(path)

    def write(self, result: FrameResult) -> None:
        """Append the frame's picture (its plain image where nothing was painted).

        Raises SinkError where it can't be written; the pictures before stay.
        """
        picture = result.image if result.picture is None else result.picture
        if self._closed:
            raise SinkError(f"{self._path}: is closed")
        if self._count % SPACE_CHECK_EVERY == 0:
            ensure_space(self._path)
        try:
            if self._output is None:
                self._open(picture, result.time_s)
            frame = frame_of(fitted(picture, self._size), self._formatter)
            frame.pts = self._clock.ticks(result.time_s)
            self._mux_sound(float(frame.pts * TICKS))
            for packet in self._stream.encode(frame):
                self._output.mux(packet)
        except FAULTS as error:
            self._failed = True
            self._file.cut_for_good()
            raise SinkError(f"{self._path}: can't be written: {reason(error)}") from error
        self._file.keep()
        self._count += 1

    def close(self) -> None:
        """Finish the file. Raises SinkError where its last pictures could not be written."""
        if self._closed:
            return
        self._closed = True
        try:
            if self._output is not None:
                self._finish()
        finally:
            if self._sound is not None:
                self._sound.close()
            self._file.close()
        if self._output is None:
            self._path.unlink(missing_ok=True)
        elif self._kind.indexed:
            self._make_whole()

    def _open(self, picture: npt.NDArray[np.uint8], time_s: float) -> None:
        height, width = picture.shape[:2]
        self._size = (width, height)
        options = dict(self._kind.growing)
        self._output = av.open(self._file, "w", format=self._kind.format, options=options)
        self._output.metadata["comment"] = MADE_BY
        even = (width + width % 2, height + height % 2)
        self._stream = add_pictures(self._output, self._encoder, even, self._info.fps)
        if len(self._info.files) == 1 and not self._info.live:
            try:
                start_s = self._info.start_s + time_s
                self._sound = Sound(self._info.files[0], self._kind, self._output, start_s)
            except FAULTS as error:
                log.warning("%s: goes without sound: %s", self._path, reason(error))

    def _mux_sound(self, until_s: float) -> None:
        """The sound may fail where the pictures don't; the video then goes on without it."""
        if self._sound is None:
            return
        packets = self._sound.until(until_s)
        while True:
            try:
                packet = next(packets, None)
            except FAULTS as error:
                log.warning("%s: its sound ends at %.1f s: %s", self._path, until_s, reason(error))
                self._sound.close()
                self._sound = None
                return
            if packet is None:
                return
            self._output.mux(packet)

    def _finish(self) -> None:
        try:
            if not self._failed:
                self._mux_sound(self._clock.end_s)
                for packet in self._stream.encode(None):
                    self._output.mux(packet)
            self._output.close()
        except FAULTS as error:
            self._file.cut_for_good()
            raise SinkError(
                f"{self._path}: its end can't be written: {reason(error)}; it holds "
                f"{self._count} pictures"
            ) from error

    def _make_whole(self) -> None:
        try:
            make_whole(self._path, self._kind)
        except FAULTS as error:
            log.warning(
                "%s: plays, but is not rewritten for quick jumping: %s", self._path, reason(error)
            )


class Clock:
    """The time of each picture in the video, from 0, always growing."""

    def __init__(self, info: SourceInfo) -> None:
        self._live = info.live
        self._interval_s = 1 / info.fps
        self._last_s: float | None = None
        self._now_s = 0.0
        self._ticks = -1

    def ticks(self, time_s: float) -> int:
        """The place of a picture that was taken at `time_s`, in TICKS."""
        if self._last_s is not None:
            step = time_s - self._last_s
            # A looped recording jumps back to its start: that is one frame on, not time undone.
            step = step if step >= 0 else self._interval_s
            self._now_s += min(step, LONGEST_STILL_S) if self._live else step
        self._last_s = time_s
        self._ticks = max(round(self._now_s / TICKS), self._ticks + 1)
        return self._ticks

    @property
    def end_s(self) -> float:
        """When the last picture gives way."""
        return self._now_s + self._interval_s


def fitted(picture: npt.NDArray[np.uint8], size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """The picture in `size` (width, height): as it is, or scaled and centred on black."""
    width, height = size
    if picture.shape[:2] == (height, width):
        return picture
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
