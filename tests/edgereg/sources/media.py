"""Media files of many kinds, made by PyAV, whose frames tell their number.

`KINDS` lists them all; `Kind.write(folder)` makes one. Frame k of a recording shows k as eight
bright or dark cells along its upper edge, and something that moves below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

SIZE = (192, 144)
BITS = 8
COUNT = 40
RATE = 25
# Ticks of 1/1000 s between frames of a varying rate: a telephone's, with a pause in it.
STEPS = (33, 34, 50, 33, 120, 33, 34, 400, 33, 33)


def picture(number: int, size: tuple[int, int] = SIZE, *, interlaced: bool = False) -> np.ndarray:
    """RGB: the number as cells above; below a bar, of two moments if interlaced."""
    width, height = size
    image = np.full((height, width, 3), 90, np.uint8)
    cell = width // BITS
    for bit in range(BITS):
        level = 210 if number >> bit & 1 else 40
        image[: height // 2, bit * cell : (bit + 1) * cell] = level
    for row in range(height // 2, height):
        moment = 2 * number + (row % 2 if interlaced else 0)
        left = moment * 5 % (width - width // 8)
        image[row, left : left + width // 8] = (230, 200, 40)
    return image


def number_in(image: np.ndarray) -> int:
    """The number that a picture shows."""
    height, width = image.shape[:2]
    cell = width / BITS
    rows = slice(height // 8, height * 3 // 8)
    levels = [
        image[rows, round((bit + 0.3) * cell) : round((bit + 0.7) * cell)].mean()
        for bit in range(BITS)
    ]
    return sum(int(level > 125) << bit for bit, level in enumerate(levels))


@dataclass(frozen=True)
class Coding:
    """What `encode` needs besides a path. times: of frames, in 1/1000 s; None: a fixed rate."""

    codec: str = "libx264"
    pixels: str = "yuv420p"
    count: int = COUNT
    size: tuple[int, int] = SIZE
    interlaced: bool = False
    times: Sequence[int] | None = None
    options: dict[str, str] = field(default_factory=dict)
    muxing: dict[str, str] = field(default_factory=dict)
    container: str | None = None


H264 = {"preset": "ultrafast", "g": "12", "bf": "2", "x264-params": "b-adapt=0:scenecut=0"}


def encode(target: Path | Any, coding: Coding) -> Path | Any:
    """Write a recording."""
    name = str(target) if isinstance(target, Path) else target
    with av.open(name, "w", format=coding.container, options=coding.muxing) as out:
        stream = out.add_stream(coding.codec, rate=RATE, options=coding.options)
        stream.width, stream.height = coding.size
        stream.pix_fmt = coding.pixels
        context: Any = stream.codec_context
        context.thread_count = 1
        if coding.interlaced:
            context.flags |= int(av.codec.context.Flags.interlaced_dct)
            context.flags |= int(av.codec.context.Flags.interlaced_me)
        if coding.times is not None:
            context.time_base = Fraction(1, 1000)
        for number in range(coding.count):
            image = picture(number, coding.size, interlaced=coding.interlaced)
            frame = av.VideoFrame.from_ndarray(image, "rgb24").reformat(format=coding.pixels)
            if coding.times is not None:
                frame.pts, frame.time_base = coding.times[number], Fraction(1, 1000)
            else:
                frame.pts, frame.time_base = number, Fraction(1, RATE)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return target


def varying(count: int = COUNT) -> list[int]:
    """Times of frames that come irregularly."""
    steps = [STEPS[k % len(STEPS)] for k in range(count)]
    return [sum(steps[:k]) for k in range(count)]


class _Pipe:
    """A file object that can only be appended to, as what a browser or recorder writes into."""

    def __init__(self) -> None:
        self.content = bytearray()

    def write(self, data: bytes) -> int:
        self.content += data
        return len(data)


def streamed(path: Path, coding: Coding) -> Path:
    """A recording written without going back: no duration, no index."""
    pipe = _Pipe()
    encode(pipe, coding)
    path.write_bytes(bytes(pipe.content))
    return path


def trimmed(path: Path, begin: int) -> Path:
    """An MP4 that begins in the middle of a group of pictures, by an edit list."""
    whole = encode(path.with_name("whole.mp4"), Coding(options=H264))
    with av.open(str(whole)) as source, av.open(str(path), "w") as out:
        stream = source.streams.video[0]
        copy = out.add_stream_from_template(stream)
        packets = [packet for packet in source.demux(stream) if packet.dts is not None]
        unit = int(1 / (RATE * stream.time_base))
        key = max(k for k, p in enumerate(packets) if p.is_keyframe and p.pts <= begin * unit)
        for packet in packets[key:]:
            packet.pts -= begin * unit
            packet.dts -= begin * unit
            packet.stream = copy
            out.mux(packet)
    whole.unlink()
    return path


def turned(path: Path) -> Path:
    """An MP4 whose header says: turn by 90 degrees clockwise."""
    encode(path, Coding(options=H264, muxing={"movflags": "faststart"}))
    content = bytearray(path.read_bytes())
    at = content.index(b"tkhd") + 4 + 40
    one = 1 << 16
    matrix = [0, one, 0, -one, 0, 0, SIZE[1] << 16, 0, 1 << 30]
    content[at : at + 36] = b"".join(value.to_bytes(4, "big", signed=True) for value in matrix)
    path.write_bytes(bytes(content))
    return path


def cut(path: Path, share: float) -> Path:
    """The beginning of a file."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def from_the_middle(path: Path, packet_size: int, share: float) -> Path:
    """A file without its beginning, as a recorder writes that is switched on in between."""
    content = path.read_bytes()
    skip = int(len(content) * share) // packet_size * packet_size
    path.write_bytes(content[skip:])
    return path


def joined(path: Path, coding: Coding, *, offset_s: float) -> Path:
    """Two recordings, one file behind the other; the second one's clock begins elsewhere."""
    parts = []
    for part, offset in enumerate((0.0, offset_s)):
        piece = path.with_name(f"part{part}{path.suffix}")
        muxing = {**coding.muxing, "output_ts_offset": str(offset)}
        encode(piece, Coding(**{**coding.__dict__, "muxing": muxing}))
        parts.append(piece.read_bytes())
        piece.unlink()
    path.write_bytes(b"".join(parts))
    return path


@dataclass(frozen=True)
class Kind:
    """A kind of media file.

    numbers: what its frames show, in order. whole: whether nothing of it is missing. turned: by
    so many quarters against the clock it is to be shown.
    """

    name: str
    container: str
    codec: str
    what: str
    make: Callable[[Path], Any]
    numbers: Callable[[], list[int]] = lambda: list(range(COUNT))
    whole: bool = True
    turned: int = 0

    def write(self, folder: Path) -> Path:
        """Make it."""
        path = folder / self.name
        self.make(path)
        return path


def _of(**settings: Any) -> Callable[[Path], Any]:
    return lambda path: encode(path, Coding(**settings))


def _h264(**settings: Any) -> Callable[[Path], Any]:
    return _of(options=H264, **settings)


MPEG2 = {"g": "12", "bf": "2", "b": "2M"}
DV = {"codec": "dvvideo", "size": (720, 576), "count": 12}
TS = Coding(options=H264)
FAST = {"movflags": "faststart"}
VP8 = Coding("libvpx", options={"deadline": "realtime", "cpu-used": "8", "g": "12"})
VP9 = {"deadline": "realtime", "cpu-used": "8", "g": "12", "row-mt": "0"}
AV1 = {"preset": "12", "g": "12", "svtav1-params": "lp=1"}
HEVC = {"preset": "ultrafast", "g": "12", "x265-params": "log-level=none:pools=1:bframes=2"}


def _some(count: int) -> Callable[[], list[int]]:
    return lambda: list(range(count))


KINDS = (
    Kind("plain.mp4", "MP4", "H.264", "B-frames", _h264()),
    Kind("vfr.mp4", "MP4", "H.264", "varying rate", _h264(times=varying())),
    Kind("turned.mp4", "MP4", "H.264", "turned by its header", turned, turned=-1),
    Kind(
        "trimmed.mp4",
        "MP4",
        "H.264",
        "trimmed by an edit list",
        lambda p: trimmed(p, 17),
        lambda: list(range(17, COUNT)),
    ),
    Kind(
        "fragments.mp4",
        "MP4",
        "H.264",
        "fragmented",
        _h264(muxing={"movflags": "frag_keyframe+empty_moov"}),
    ),
    Kind(
        "cut.mp4",
        "MP4",
        "H.264",
        "cut off",
        lambda p: cut(encode(p, Coding(options=H264, muxing=FAST)), 0.6),
        whole=False,
    ),
    Kind(
        "cut-fragments.mp4",
        "MP4",
        "H.264",
        "fragmented, cut off",
        lambda p: cut(
            encode(p, Coding(options=H264, muxing={"movflags": "frag_keyframe+empty_moov"})), 0.6
        ),
        whole=False,
    ),
    Kind(
        "ten.mp4",
        "MP4",
        "HEVC",
        "10 bits",
        _of(codec="libx265", pixels="yuv420p10le", options=HEVC),
    ),
    Kind("av1.mp4", "MP4", "AV1", "", _of(codec="libsvtav1", options=AV1)),
    Kind(
        "odd.mp4",
        "MP4",
        "MPEG-4",
        "odd size",
        _of(codec="mpeg4", size=(201, 151), options={"g": "12", "q": "2"}),
    ),
    Kind(
        "prores.mov",
        "MOV",
        "ProRes",
        "interlaced",
        _of(codec="prores_ks", pixels="yuv422p10le", interlaced=True, count=16),
        _some(16),
    ),
    Kind("vfr.mkv", "Matroska", "H.264", "varying rate", _h264(times=varying())),
    Kind(
        "ten.mkv",
        "Matroska",
        "HEVC",
        "10 bits",
        _of(codec="libx265", pixels="yuv420p10le", options=HEVC),
    ),
    Kind(
        "recorded.mkv",
        "Matroska",
        "H.264",
        "no duration",
        lambda p: streamed(p, Coding(options=H264, container="matroska")),
    ),
    Kind(
        "cut.mkv",
        "Matroska",
        "H.264",
        "no duration, cut off",
        lambda p: cut(streamed(p, Coding(options=H264, container="matroska")), 0.6),
        whole=False,
    ),
    Kind(
        "browser.webm",
        "WebM",
        "VP8",
        "no duration",
        lambda p: streamed(p, Coding(**{**VP8.__dict__, "container": "webm", "times": varying()})),
    ),
    Kind("vp9.webm", "WebM", "VP9", "", _of(codec="libvpx-vp9", options=VP9)),
    Kind("plain.ts", "MPEG-TS", "H.264", "B-frames", _h264()),
    Kind(
        "middle.ts",
        "MPEG-TS",
        "H.264",
        "begins in mid-GOP",
        lambda p: from_the_middle(encode(p, TS), 188, 0.2),
        lambda: list(range(12, COUNT)),
    ),
    Kind(
        "joined.ts",
        "MPEG-TS",
        "H.264",
        "two in one, clock jumps back",
        lambda p: joined(p, TS, offset_s=0.0),
        lambda: [*range(COUNT), *range(COUNT)],
    ),
    Kind(
        "ahead.ts",
        "MPEG-TS",
        "H.264",
        "two in one, clock jumps ahead",
        lambda p: joined(p, TS, offset_s=3600.0),
        lambda: [*range(COUNT), *range(COUNT)],
    ),
    Kind("interlaced.ts", "MPEG-TS", "H.264", "interlaced", _h264(interlaced=True)),
    Kind("cut.ts", "MPEG-TS", "H.264", "cut off", lambda p: cut(encode(p, TS), 0.6), whole=False),
    Kind(
        "avchd.m2ts",
        "M2TS",
        "H.264",
        "interlaced, begins in mid-GOP",
        lambda p: from_the_middle(
            encode(
                p,
                Coding(
                    options=H264,
                    interlaced=True,
                    container="mpegts",
                    muxing={"mpegts_m2ts_mode": "1"},
                ),
            ),
            192,
            0.2,
        ),
        lambda: list(range(12, COUNT)),
    ),
    Kind(
        "dvd.vob",
        "VOB",
        "MPEG-2",
        "interlaced",
        _of(codec="mpeg2video", interlaced=True, options=MPEG2, container="vob"),
    ),
    Kind(
        "middle.vob",
        "VOB",
        "MPEG-2",
        "interlaced, begins in mid-GOP",
        lambda p: from_the_middle(
            encode(p, Coding("mpeg2video", interlaced=True, options=MPEG2, container="vob")),
            2048,
            0.2,
        ),
        lambda: list(range(12, COUNT)),
    ),
    Kind("tape.dv", "DV", "DV", "interlaced", _of(**DV, interlaced=True), _some(12)),
    Kind("camera.h264", "raw", "H.264", "no time stamps", _h264(container="h264")),
    Kind("motion.avi", "AVI", "MJPEG", "", _of(codec="mjpeg", pixels="yuvj420p")),
    Kind(
        "divx.avi",
        "AVI",
        "MPEG-4",
        "B-frames",
        _of(codec="mpeg4", options={"g": "12", "bf": "2", "q": "2"}),
    ),
    Kind(
        "cut.avi",
        "AVI",
        "MJPEG",
        "cut off",
        lambda p: cut(encode(p, Coding("mjpeg", "yuvj420p")), 0.6),
        whole=False,
    ),
    Kind("flash.flv", "FLV", "H.264", "B-frames", _h264()),
    Kind("drawn.gif", "GIF", "GIF", "", _of(codec="gif", pixels="rgb8")),
    Kind(
        "cut.gif",
        "GIF",
        "GIF",
        "cut off",
        lambda p: cut(encode(p, Coding("gif", "rgb8")), 0.6),
        whole=False,
    ),
    Kind(
        "drawn.png",
        "PNG",
        "APNG",
        "",
        _of(codec="apng", pixels="rgb24", container="apng", count=12),
        _some(12),
    ),
)


def files(folder: Path) -> Iterator[Path]:
    """One file of every kind, to be read, mutated or shown."""
    for kind in KINDS:
        yield kind.write(folder)
