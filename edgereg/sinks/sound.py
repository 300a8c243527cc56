"""The sound of a source, carried over into the video that is made of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av

from edgereg.sinks.containers import Container


class Sound:
    """The sound of a video file, handed out in pace with the pictures.

    Copied as it is where the container may hold it, else encoded anew.
    """

    def __init__(self, path: Path, container: Container, output: Any, start_s: float) -> None:
        """Add a stream to `output` for the sound of `path`, from `start_s` of its clock on.

        Without sound in it no packet comes. Raises OSError or av.FFmpegError where it can't be
        read.
        """
        self._packets: Iterator[Any] = iter(())
        self._start_s = start_s
        self._file = path.open("rb")
        try:
            self._input = av.open(self._file, "r")
            self._begin(container, output)
            self._next = next(self._packets, None)
        except BaseException:
            self._file.close()
            raise

    def _begin(self, container: Container, output: Any) -> None:
        stream = next(iter(self._input.streams.audio), None)
        if stream is None:
            return
        if stream.codec_context.codec.canonical_name in container.copied:
            self._stream = output.add_stream_from_template(stream)
            self._packets = self._copied(stream)
        else:
            layout = "mono" if stream.channels == 1 else "stereo"
            rate = _rate(stream, container)
            self._stream = output.add_stream(container.sound, rate=rate, layout=layout)
            self._packets = self._encoded(stream)

    def until(self, time_s: float) -> Iterator[Any]:
        """Packets that begin before `time_s`, counted from the start of the pictures."""
        while self._next is not None:
            packet = self._next
            if packet.pts * packet.time_base >= time_s:
                return
            yield packet
            self._next = next(self._packets, None)

    def close(self) -> None:
        """Close the file that it came from."""
        self._packets = iter(())
        self._next = None
        self._input.close()
        self._file.close()

    def _copied(self, stream: Any) -> Iterator[Any]:
        shift = round(self._start_s / stream.time_base)
        for packet in self._input.demux(stream):
            if packet.pts is None or packet.pts < shift:
                continue
            packet.pts -= shift
            packet.dts = packet.pts
            packet.stream = self._stream
            yield packet

    def _encoded(self, stream: Any) -> Iterator[Any]:
        context = self._stream.codec_context
        context.open(strict=False)
        fit = av.AudioResampler(context.format, context.layout, context.rate, context.frame_size)
        shift = round(self._start_s * context.rate)
        for frame in self._frames(stream):
            for piece in fit.resample(frame):
                if piece is None:
                    continue
                piece.pts -= shift
                if piece.pts >= 0:
                    yield from self._encode(piece)
        yield from self._encode(None)

    def _frames(self, stream: Any) -> Iterator[Any]:
        """Decoded pieces, and None at the end, which makes the resampler hand out its rest."""
        yield from self._input.decode(stream)
        yield None

    def _encode(self, piece: Any) -> Iterator[Any]:
        for packet in self._stream.encode(piece):
            if packet.pts is not None and packet.pts >= 0:
                yield packet


def _rate(stream: Any, container: Container) -> int:
    """The sampling rate; Opus knows only a few."""
    return 48000 if container.sound == "libopus" else int(stream.codec_context.rate)
