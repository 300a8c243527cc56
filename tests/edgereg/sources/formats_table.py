"""The table of docs/formats.md, made by reading, seeking in and comparing files of every kind.

`python -m tests.edgereg.sources.formats_table` writes it into the page; the tests compare.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from itertools import islice, pairwise
from pathlib import Path

import av
import numpy as np

from edgereg.core.frames import Frame
from edgereg.core.result import FrameResult
from edgereg.sinks.base import RunInfo
from edgereg.sinks.open import open_sink
from edgereg.sources.file import VideoFile

from .media import KINDS, Kind, number_in

PAGE = Path(__file__).parents[3] / "docs" / "formats.md"
HEAD = ("container", "codec", "what is special", "read", "seek", "written")
# Edgereg's own videos are plain: such files of a source are written again as the same kind.
WRITTEN = {
    ("MP4", "H.264", "B-frames"): ".mp4",
    ("MP4", "H.264", "varying rate"): ".mp4",
    ("Matroska", "H.264", "varying rate"): ".mkv",
    ("WebM", "VP9", ""): ".webm",
}
# What FFmpeg calls these containers and codecs.
_FORMATS = {"MP4": "mp4", "Matroska": "matroska", "WebM": "webm"}
_CODECS = {"H.264": "h264", "VP9": "vp9"}


def tried(kind: Kind, folder: Path) -> str:
    """Make a file, read it, seek in it, compare; its row of the table.

    Raises AssertionError where a frame is not the right one, at its own time.
    """
    path = kind.write(folder)
    source = VideoFile(path)
    frames = list(source.frames())
    numbers = [number_in(np.rot90(frame.image, -kind.turned)) for frame in frames]
    if kind.whole:
        assert numbers == kind.numbers()
        assert source.warnings == ()
    else:
        assert numbers[:-2] == kind.numbers()[: len(numbers) - 2]
        assert "truncated" in source.warnings[-1]
    assert frames[0].time_s == 0
    assert all(a.time_s < b.time_s for a, b in pairwise(frames))
    assert source.info.frame_count == len(frames)
    source.close()

    straight = [(f.index, f.time_s, f.image.tobytes()) for f in frames]
    sought = VideoFile(path)
    last = len(frames) - (1 if kind.whole else 3)
    for target in (last, 0, 1, *np.random.default_rng(5).integers(0, last, 6).tolist()):
        sought.seek(target)
        found = [(f.index, f.time_s, f.image.tobytes()) for f in islice(sought.frames(), 2)]
        assert found == straight[target : target + 2]
    assert sought.info.frame_count == len(frames)
    trusted = sought.count() is not None
    sought.close()
    read = "every frame" if kind.whole else "what is there, and said"
    ending = WRITTEN.get((kind.container, kind.codec, kind.what))
    return row(
        kind.container,
        kind.codec,
        kind.what,
        read,
        "exact" if trusted else "exact, decoding from the start once",
        "" if ending is None else written_again(kind, path, frames, ending),
    )


def written_again(kind: Kind, path: Path, frames: Sequence[Frame], ending: str) -> str:
    """Write the frames of a file as one of the same kind, and compare; what the table says of it.

    Raises AssertionError where a frame is missing, not the right one, or not at its time.
    """
    target = path.with_name(f"again{ending}")
    source = VideoFile(path)
    sink = open_sink(target, RunInfo(source.info))
    for frame in frames:
        sink.write(FrameResult(frame.index, frame.time_s, frame.image))
    sink.close()
    source.close()
    again = VideoFile(target)
    found = list(again.frames())
    again.close()
    assert [number_in(frame.image) for frame in found] == [number_in(f.image) for f in frames]
    assert np.allclose([f.time_s for f in found], [f.time_s for f in frames], atol=1e-3)
    with av.open(str(target)) as file:
        assert _FORMATS[kind.container] in file.format.name.split(",")
        assert file.streams.video[0].codec_context.name == _CODECS[kind.codec]
    return ending


def row(*cells: str) -> str:
    """A line of the table."""
    return f"| {' | '.join(cells)} |"


def table(head: Sequence[str]) -> list[str]:
    """The rows below a head in the page."""
    text = PAGE.read_text(encoding="utf-8").partition(row(*head) + "\n")[2]
    return text.partition("\n\n")[0].splitlines()[1:]


def put(head: Sequence[str], rows: Sequence[str]) -> None:
    """Write rows below a head in the page, in the place of those that are there."""
    lines = [row(*head), row(*("---" for _ in head)), *rows]
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(lines[0])
    after = rest.partition("\n\n")[2]
    PAGE.write_text(before + "\n".join(lines) + "\n\n" + after, encoding="utf-8")


def write() -> None:
    """Write the table into the page."""
    with tempfile.TemporaryDirectory() as folder:
        put(HEAD, [tried(kind, Path(folder)) for kind in KINDS])


if __name__ == "__main__":
    write()
