"""The kinds of video files: what is in them, how they are written, how one is made whole."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import Colorspace, VideoReformatter

from edgereg.core.files import MADE_BY, put_in_place, reason
from edgereg.sinks.files import UnbufferedFile
from edgereg.sinks.recovery import rewritten_of

# Fine enough for the times of any camera; more than 65535 a second are too many for MPEG-4.
TICKS = Fraction(1, 60000)
# What can go wrong with a file of FFmpeg's.
FAULTS = (OSError, av.FFmpegError)
BT709 = 1
LIMITED_RANGE = 1
# Room for an MP4's index at its start; a packet takes at most 45 bytes in it.
HEADER_BYTES = 4096
INDEX_BYTES, INDEX_BYTES_PER_PACKET = 16384, 48


@dataclass(frozen=True)
class Encoder:
    """One of FFmpeg's encoders, told to hand out each picture as soon as it has it."""

    name: str
    options: Mapping[str, str]
    bits_per_pixel: float = 0.0
    in_browsers: bool = True


H264 = (
    Encoder("libx264", {"preset": "veryfast", "crf": "20", "tune": "zerolatency"}),
    Encoder("libopenh264", {}, bits_per_pixel=0.15),
    Encoder("mpeg4", {"qmin": "2", "qmax": "6"}, bits_per_pixel=0.4, in_browsers=False),
)
_QUICK = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "crf": "32"}
VPX = (Encoder("libvpx-vp9", {**_QUICK, "row-mt": "1"}), Encoder("libvpx", _QUICK, 0.2))


@dataclass(frozen=True)
class Container:
    """A kind of video file.

    format: FFmpeg's name of it. encoders: of pictures, the first that this FFmpeg has is taken.
    copied: codecs of sound that are taken over as they are; others are encoded anew by `sound`.
    growing: options while it is written, so that it is readable up to its last picture at any
    moment. indexed: whether it is to be written once more at the end, with an index at its start.
    """

    format: str
    encoders: tuple[Encoder, ...]
    copied: frozenset[str]
    sound: str
    growing: Mapping[str, str] = field(default_factory=dict)
    indexed: bool = False


_AT_ONCE = {"flush_packets": "1", "max_interleave_delta": "200000"}
_CLUSTERS = {**_AT_ONCE, "cluster_time_limit": "100"}
_FRAGMENTS = {**_AT_ONCE, "movflags": "empty_moov+default_base_moof", "frag_duration": "100000"}

CONTAINERS: Mapping[str, Container] = {
    ".mp4": Container(
        "mp4",
        H264,
        frozenset({"aac", "mp3", "opus"}),
        "aac",
        _FRAGMENTS,
        indexed=True,
    ),
    ".mkv": Container(
        "matroska",
        H264,
        frozenset({"aac", "mp3", "opus", "vorbis", "flac", "ac3", "eac3", "pcm_s16le"}),
        "aac",
        _CLUSTERS,
    ),
    ".webm": Container("webm", VPX, frozenset({"opus", "vorbis"}), "libopus", _CLUSTERS),
}


def encoder_of(container: Container) -> Encoder | None:
    """The best encoder that this FFmpeg has."""
    return next((e for e in container.encoders if e.name in av.codecs_available), None)


def add_pictures(output: Any, encoder: Encoder, size: tuple[int, int], fps: float) -> Any:
    """Add a stream of pictures (width, height), both even, to a file that is written."""
    stream = output.add_stream(encoder.name, rate=Fraction(fps).limit_denominator(1001))
    stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
    context = stream.codec_context
    context.time_base = TICKS
    # A player can jump to every second or so.
    context.gop_size = min(max(round(fps), 12), 120)
    context.options = dict(encoder.options)
    context.bit_rate = round(encoder.bits_per_pixel * size[0] * size[1] * min(fps, 60.0))
    context.color_primaries = context.color_trc = context.colorspace = BT709
    context.color_range = LIMITED_RANGE
    return stream


def frame_of(picture: npt.NDArray[np.uint8], formatter: VideoReformatter) -> av.VideoFrame:
    """A picture [H, W, 3] RGB as encoders take it; an odd side is extended by its last pixels."""
    height, width = picture.shape[:2]
    if height % 2 or width % 2:
        picture = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    frame = formatter.reformat(frame, format="yuv420p", dst_colorspace=Colorspace.ITU709)
    frame.time_base = TICKS
    return frame


def recover_video(path: Path) -> None:
    """Make a plain file of a video that was cut off; one without a picture goes.

    Raises OSError.
    """
    try:
        make_whole(path, CONTAINERS[path.suffix.lower()])
    except FAULTS as error:
        if path.stat().st_size > HEADER_BYTES:
            raise OSError(errno.EIO, reason(error)) from error
        path.write_bytes(b"")


def make_whole(path: Path, container: Container) -> None:
    """Copy what is in a video file, cut off or not, into one that has all that players want.

    It then takes the place of `path`. Raises OSError or av.FFmpegError where that fails; `path`
    is then as it was before.
    """
    beside = rewritten_of(path)
    options: dict[str, str] = {}
    if container.indexed:
        with _reading(path) as before:
            count = sum(1 for _ in _packets(before))
        options["moov_size"] = str(INDEX_BYTES + count * INDEX_BYTES_PER_PACKET)
    try:
        with _reading(path) as before, _writing(beside, container, options) as after:
            streams = [after.add_stream_from_template(stream) for stream in before.streams]
            count = 0
            for packet in _packets(before):
                count += 1
                packet.stream = streams[packet.stream.index]
                after.mux(packet)
        if not count:
            raise OSError(errno.EIO, "no whole picture is in it")
        put_in_place(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def _packets(container: Any) -> Iterator[Any]:
    """All packets, up to where the file was cut off."""
    with suppress(av.error.InvalidDataError):
        for packet in container.demux():
            if packet.dts is not None:
                yield packet


@contextmanager
def _reading(path: Path) -> Iterator[Any]:
    # By an open file: FFmpeg takes no name that is not UTF-8.
    with path.open("rb") as file, av.open(file, "r") as container:
        yield container


@contextmanager
def _writing(path: Path, container: Container, options: dict[str, str]) -> Iterator[Any]:
    file = UnbufferedFile(path)
    try:
        with av.open(file, "w", format=container.format, options=options) as output:
            output.metadata["comment"] = MADE_BY
            yield output
    finally:
        file.close()
