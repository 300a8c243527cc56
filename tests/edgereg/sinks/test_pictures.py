"""Annotated pictures: a file for each frame, and one for a still image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgereg.core.errors import SinkError
from edgereg.core.frames import SourceInfo
from edgereg.core.result import FrameResult
from edgereg.sinks.base import RunInfo
from edgereg.sinks.open import open_sink

Result = Callable[..., FrameResult]
CLIP = SourceInfo("clip.mp4", 63, 47, 20.0, 10, seekable=True, live=False)
PHOTO = replace(CLIP, frame_count=1)


@pytest.mark.parametrize("ending", [".png", ".jpg"])
def test_a_numbered_file_for_each_frame(tmp_path: Path, result: Result, ending: str) -> None:
    sink = open_sink(tmp_path / "out" / f"f%04d{ending}", RunInfo(CLIP))
    painted = np.full((47, 63, 3), (200, 40, 40), np.uint8)
    for index in (0, 12):
        sink.write(replace(result(index), picture=painted))
    sink.close()
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [f"f0000{ending}", f"f0012{ending}"]
    image = cv2.imread(str(tmp_path / "out" / names[1]))
    assert image is not None
    assert image.shape == painted.shape
    assert np.allclose(image[20, 20], (40, 40, 200), atol=4)


def test_a_still_image_is_one_file(tmp_path: Path, result: Result) -> None:
    sink = open_sink(tmp_path / "out.png", RunInfo(PHOTO))
    sink.write(result(0))
    sink.close()
    assert [path.name for path in tmp_path.iterdir()] == ["out.png"]


def test_many_frames_need_numbers(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"out-%06d\.png"):
        open_sink(tmp_path / "out.png", RunInfo(CLIP))


def test_a_failure_leaves_whole_pictures(
    tmp_path: Path, result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = open_sink(tmp_path / "%d.png", RunInfo(CLIP))
    sink.write(result(0))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("edgereg.core.files.put_in_place", full)
    with pytest.raises(SinkError, match="free some space"):
        sink.write(result(1))
    assert [path.name for path in tmp_path.iterdir()] == ["0.png"]
