"""The table of docs/formats.md, made by reading, seeking in and comparing files of every kind.

`python -m tests.edgereg.sources.formats_table` writes it into the page; the tests compare.
"""

from __future__ import annotations

import tempfile
from itertools import islice, pairwise
from pathlib import Path

import numpy as np

from edgereg.sinks.containers import CONTAINERS
from edgereg.sources.file import VideoFile

from .media import KINDS, Kind, number_in

PAGE = Path(__file__).parents[3] / "docs" / "formats.md"
HEAD = ("container", "codec", "what is special", "read", "seek", "written")
# Edgereg's own videos are plain: these kinds are written by the named ending.
WRITTEN = {
    ("MP4", "H.264", "B-frames"): ".mp4",
    ("MP4", "H.264", "varying rate"): ".mp4",
    ("Matroska", "H.264", "varying rate"): ".mkv",
    ("WebM", "VP9", ""): ".webm",
}


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
    written = WRITTEN.get((kind.container, kind.codec, kind.what), "")
    assert not written or written in CONTAINERS
    return row(
        kind.container,
        kind.codec,
        kind.what,
        read,
        "exact" if trusted else "exact, decoding from the start once",
        written,
    )


def row(*cells: str) -> str:
    """A line of the table."""
    return f"| {' | '.join(cells)} |"


def write() -> None:
    """Write the table into the page."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [row(*HEAD), row(*("---" for _ in HEAD))]
        rows += [tried(kind, Path(folder)) for kind in KINDS]
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(rows[0])
    after = rest.partition("\n\n")[2]
    PAGE.write_text(before + "\n".join(rows) + "\n\n" + after, encoding="utf-8")


if __name__ == "__main__":
    write()
