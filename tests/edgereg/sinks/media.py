"""Small videos with sound, made for the tests, and what is in a video that was written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def film(path: Path, times_s: Sequence[float], sound: str | None, seconds: float = 2.0) -> Path:
    """A video whose pictures come at these times, with a tone of so many seconds."""
    with av.open(str(path), "w") as output:
        pictures = output.add_stream("mpeg4", rate=25)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        pictures.codec_context.time_base = Fraction(1, 1000)
        voice = output.add_stream(sound, rate=48000, layout="mono") if sound else None
        for time_s in times_s:
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 90, np.uint8), format="rgb24")
            frame.pts, frame.time_base = round(time_s * 1000), Fraction(1, 1000)
            output.mux(pictures.encode(frame))
        output.mux(pictures.encode(None))
        if voice is not None:
            _sing(output, voice, seconds)
    return path


def _sing(output: av.container.OutputContainer, voice: av.AudioStream, seconds: float) -> None:
    context = voice.codec_context
    context.open(strict=False)
    fit = av.AudioResampler(context.format, context.layout, 48000, context.frame_size or 1024)
    wave = np.sin(np.arange(round(48000 * seconds)) * 2 * np.pi * 440 / 48000) * 8000
    frame = av.AudioFrame.from_ndarray(wave.astype(np.int16)[None], format="s16", layout="mono")
    frame.sample_rate, frame.pts = 48000, 0
    for piece in [*fit.resample(frame), *fit.resample(None)]:
        output.mux(voice.encode(piece))
    output.mux(voice.encode(None))


@dataclass(frozen=True)
class Written:
    """What stands in a video: times of its pictures, its codecs, how long picture and sound are."""

    times_s: list[float]
    codec: str
    pixels: str
    sound: str | None
    sound_s: float
    seconds: float


def written(path: Path) -> Written:
    """Read a video with FFmpeg."""
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        times = [float(frame.pts * frame.time_base) for frame in file.decode(stream)]
        seconds = (file.duration or 0) / 1e6
        voice = next(iter(file.streams.audio), None)
        samples = 0
        if voice is not None:
            file.seek(0)
            samples = sum(frame.samples for frame in file.decode(voice))
        return Written(
            times,
            stream.codec_context.name,
            str(stream.codec_context.pix_fmt),
            None if voice is None else voice.codec_context.codec.canonical_name,
            samples / 48000,
            seconds,
        )
