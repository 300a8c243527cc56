"""Containers of video, opened by FFmpeg's libraries: one clear line where that fails."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import IO, Any, TypeAlias

import av
import av.error
import av.logging
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from edgereg.core.errors import SourceError

# FFmpeg would write its own complaints beside edgereg's one line. A user's setting goes first.
if "LIBAV_LOGGING" not in os.environ:
    av.logging.set_level(None)

VideoPacket: TypeAlias = "Packet[VideoStream]"

FASTEST = 1000.0  # frames per second; what a container says beyond it is no rate
FPS = 30.0  # where it says none
# AVFMT_TS_DISCONT: time stamps of such a format may jump, as where two recordings meet.
_MAY_JUMP = 0x0200


@dataclass(frozen=True)
class Opening:
    """What to open: a name that FFmpeg knows or a file object; and within which bounds.

    max_pixels: of a picture, before memory is asked for it. open_s, read_s: time limits, of which
    FFmpeg knows only for the network.
    """

    target: str | IO[bytes]
    max_pixels: int
    options: Mapping[str, str] = field(default_factory=dict)
    open_s: float | None = None
    read_s: float | None = None


@dataclass(frozen=True)
class Opened:
    """A container and the one video stream in it that is read."""

    container: InputContainer
    stream: VideoStream
    fps: float
    jumps: bool

    @property
    def format(self) -> str:
        """FFmpeg's name of the container's format."""
        return self.container.format.name

    @property
    def time_base(self) -> Fraction:
        """Seconds of one unit of the stream's time stamps."""
        return self.stream.time_base or Fraction(1, 1000)

    def close(self) -> None:
        """Release the file or connection."""
        self.container.close()


def open_container(opening: Opening) -> Opened:
    """Open a container and choose its video. Raises SourceError, whose line names no source."""
    limits: Any = (opening.open_s, opening.read_s)
    options = {"max_pixels": str(opening.max_pixels), **opening.options}
    try:
        container = av.open(opening.target, "r", options=options, timeout=limits)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise SourceError(reason(error, opening.open_s)) from error
    try:
        stream = _video_of(container, opening.max_pixels)
    except SourceError:
        container.close()
        raise
    context = stream.codec_context
    context.options = {**context.options, "max_pixels": str(opening.max_pixels)}
    context.thread_type = "AUTO"
    jumps = bool(container.format.flags & _MAY_JUMP)
    return Opened(container, stream, frames_per_second(stream), jumps)


def reason(error: Exception, timeout_s: float | None = None) -> str:
    """What FFmpeg says, without the address that it repeats."""
    if isinstance(error, av.error.InvalidDataError):
        return "not a video that FFmpeg can read; convert it"
    if isinstance(error, av.error.ExitError) and timeout_s is not None:
        return f"no answer for {timeout_s:g} s"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"can't be opened: {text}"


def frames_per_second(stream: VideoStream) -> float:
    """The stream's rate as its container tells it, on average; 30 where it tells none."""
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate is not None and 0 < rate <= FASTEST:
            return float(rate)
    return FPS


def _video_of(container: InputContainer, max_pixels: int) -> VideoStream:
    """The video stream that plays; covers of music and thumbnails are none."""
    still = av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails
    streams = [each for each in container.streams.video if not each.disposition & still]
    if not streams:
        what = "only sound" if container.streams.audio else "no video"
        raise SourceError(f"{what} in it; name a video")
    best = container.streams.best("video")
    stream = next((each for each in streams if each is best), streams[0])
    if stream.codec_context is None:
        raise SourceError("its video is coded in a way that this FFmpeg can't decode; convert it")
    pixels = stream.codec_context.width * stream.codec_context.height
    if pixels > max_pixels:
        raise SourceError(too_large(pixels, max_pixels))
    return stream


def too_large(pixels: int, most: int) -> str:
    """The reason for refusing a picture that declares more pixels than are allowed."""
    return (
        f"a picture of {pixels / 1e6:.0f} million pixels, more than the {most / 1e6:g} "
        "million that are allowed; raise --max-pixels if it is meant so"
    )
