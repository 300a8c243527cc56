"""The second table of docs/formats.md, made by writing videos with every encoder, with every sound,
and reading them back.

`python -m tests.edgereg.sinks.written_table` writes it into the page; the tests compare.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from pathlib import Path
from unittest.mock import patch

import av
import numpy as np

from edgereg.core.frames import SourceInfo
from edgereg.core.result import FrameResult
from edgereg.sinks.base import RunInfo
from edgereg.sinks.containers import CONTAINERS
from edgereg.sinks.open import open_sink
from edgereg.sources.file import VideoFile
from tests.edgereg.sources.formats_table import put, row
from tests.edgereg.sources.media import COUNT, RATE, SIZE, number_in, picture, varying

from .media import film, written

HEAD = (
    "output",
    "codec",
    "fixed rate",
    "varying rate",
    "sound that is kept",
    "other sound becomes",
)
NAMES = {
    "h264": "H.264", "mpeg4": "MPEG-4", "vp9": "VP9", "vp8": "VP8", "aac": "AAC", "mp3": "MP3",
    "opus": "Opus", "flac": "FLAC", "ac3": "AC-3", "eac3": "E-AC-3", "pcm_s16le": "PCM",
}  # fmt: skip
# How the sound of a source is encoded, and what that is called.
SOUNDS = {
    "aac": "aac", "libmp3lame": "mp3", "libopus": "opus", "flac": "flac", "ac3": "ac3",
    "eac3": "eac3", "pcm_s16le": "pcm_s16le",
}  # fmt: skip


@dataclass(frozen=True)
class Way:
    """A container, and an encoder of pictures that is taken where those before it are missing."""

    ending: str
    encoder: str


WAYS = [
    Way(ending, encoder.name)
    for ending, container in CONTAINERS.items()
    for encoder in container.encoders
    if encoder.name in av.codecs_available
]


def tried(way: Way, folder: Path) -> str:
    """Write with it, at a fixed and a varying rate, and with every sound, and read that back.

    Its row of the table. Raises AssertionError where a frame is missing, not the right one, not
    found by a seek, or not at its time, or where sound is missing or of another length.
    """
    container = CONTAINERS[way.ending]
    encoders = tuple(each for each in container.encoders if each.name == way.encoder)
    with patch.dict(CONTAINERS, {way.ending: replace(container, encoders=encoders)}):  # type: ignore[arg-type]
        fixed = _pictures(way, folder, [k / RATE for k in range(COUNT)])
        vary = _pictures(way, folder, [each / 1000 for each in varying()])
        assert fixed == vary
        sounds = {each: _sound(way, folder, each) for each in SOUNDS}
    kept = [NAMES[name] for encoder, name in SOUNDS.items() if sounds[encoder] == name]
    anew = {NAMES[found] for encoder, found in sounds.items() if found != SOUNDS[encoder]}
    every = "every frame at its time"
    return row(f"`{way.ending}`", fixed, every, every, ", ".join(kept), ", ".join(sorted(anew)))


def _pictures(way: Way, folder: Path, times: Sequence[float]) -> str:
    """Write numbered pictures at these times, and compare; the name of the codec."""
    path = _write(folder / f"pictures{way.ending}", times, ())
    source = VideoFile(path)
    frames = list(source.frames())
    assert [number_in(frame.image) for frame in frames] == list(range(COUNT))
    assert np.allclose([frame.time_s for frame in frames], times, atol=1e-3)
    assert source.warnings == ()
    for target in (COUNT - 1, 0, COUNT // 2):
        source.seek(target)
        (found,) = islice(source.frames(), 1)
        assert (found.index, number_in(found.image)) == (target, target)
    source.close()
    found = written(path)
    assert found.sound is None
    return NAMES[found.codec]


def _sound(way: Way, folder: Path, encoder: str) -> str:
    """Write pictures of a source with such sound; the codec of the sound that is written."""
    seconds = 1.2
    source = film(folder / f"{encoder}.mkv", [0.0, 0.5, seconds - 0.04], encoder, seconds)
    found = written(_write(folder / f"sound{way.ending}", [0.0, 0.5, seconds - 0.04], (source,)))
    assert found.sound is not None
    assert abs(found.sound_s - seconds) < 0.08
    assert len(found.times_s) == 3
    return found.sound


def _write(path: Path, times: Sequence[float], files: tuple[Path, ...]) -> Path:
    info = SourceInfo("clip", *SIZE, float(Fraction(RATE)), len(times), True, False, files=files)
    sink = open_sink(path, RunInfo(info))
    for number, time_s in enumerate(times):
        sink.write(FrameResult(number, time_s, picture(number)))
    sink.close()
    return path


def write() -> None:
    """Write the table into the page."""
    with tempfile.TemporaryDirectory() as folder:
        put(HEAD, [tried(way, Path(folder)) for way in WAYS])


if __name__ == "__main__":
    write()
