"""Every kind of media: each frame the right one, at its own time, and the same after any seek."""

from __future__ import annotations

from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest

from edgereg.sources.file import VideoFile

from .media import KINDS, Kind, number_in

Seen = tuple[int, float, bytes]


def seen(source: VideoFile, count: int | None = None) -> list[Seen]:
    return [(f.index, f.time_s, f.image.tobytes()) for f in islice(source.frames(), count)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_read_and_seek(kind: Kind, tmp_path: Path) -> None:
    path = kind.write(tmp_path)
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
    targets = np.random.default_rng(5).integers(0, last, 6).tolist()
    for target in (last, 0, 1, *targets):
        sought.seek(target)
        assert seen(sought, 2) == straight[target : target + 2]
    assert sought.info.frame_count == len(frames)
    sought.close()
