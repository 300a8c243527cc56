"""Small pictures of key frames."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgereg.sources.file import VideoFile
from edgereg.sources.glance import Glances

from .media import H264, Coding, encode, number_in

TENTH = {**H264, "g": "10", "keyint_min": "10", "sc_threshold": "0"}


@pytest.mark.parametrize("wanted", [0, 9, 10, 27, 39])
def test_the_key_frame_before_a_frame(tmp_path: Path, wanted: int) -> None:
    file = VideoFile(encode(tmp_path / "clip.mp4", Coding(options=TENTH)))
    file.count()
    glances = Glances(file, longest=96)
    index, picture = glances.near(wanted) or (-1, None)
    assert index == wanted // 10 * 10
    assert picture is not None
    assert picture.shape == (72, 96, 3)
    assert number_in(picture) == index
    glances.close()


def test_before_the_file_was_read_there_is_none(tmp_path: Path) -> None:
    file = VideoFile(encode(tmp_path / "clip.mp4", Coding(options=TENTH)))
    assert Glances(file, longest=96).near(20) is None


def test_reading_goes_on_meanwhile(tmp_path: Path) -> None:
    file = VideoFile(encode(tmp_path / "clip.mp4", Coding(options=TENTH)))
    file.count()
    glances, frames = Glances(file, longest=96), file.frames()
    for wanted in range(40):
        assert number_in(next(frames).image) == wanted
        assert glances.near(39 - wanted) is not None
