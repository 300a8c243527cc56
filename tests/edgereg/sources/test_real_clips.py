"""Real clips, where a folder of them is named; everything else about sources needs none."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from edgereg.sources.open import open_source

CLIPS = os.environ.get("EDGEREG_CLIPS", "")
pytestmark = pytest.mark.skipif(
    not CLIPS, reason="EDGEREG_CLIPS does not name a folder of real clips"
)


def clips() -> list[Path]:
    kinds = {".mp4", ".mkv", ".gif", ".avi", ".mov", ".webm"}
    return sorted(path for path in Path(CLIPS or ".").iterdir() if path.suffix in kinds)


@pytest.mark.parametrize("path", clips() if CLIPS else [], ids=lambda path: path.name)
def test_read_and_seek(path: Path) -> None:
    source = open_source(path)
    frames = [(frame.index, frame.time_s, frame.image[::8, ::8]) for frame in source.frames()]
    assert [index for index, _, _ in frames] == list(range(len(frames)))
    assert all(a < b for (_, a, _), (_, b, _) in pairwise(frames))
    assert not source.warnings
    for target in (len(frames) // 2, 1, len(frames) - 1, 0, len(frames) // 3):
        source.seek(target)
        found = next(source.frames())
        assert found.index == target
        assert np.array_equal(found.image[::8, ::8], frames[target][2])
    source.close()
