"""Annotated video: whole, of one size, true to time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgereg.core.errors import SinkError
from edgereg.core.result import FrameResult
from edgereg.sinks import space
from edgereg.sinks.base import Sink
from edgereg.sinks.open import open_sink
from edgereg.sources.base import SourceInfo
from edgereg.sources.open import open_source

Result = Callable[..., FrameResult]
INFO = SourceInfo("clip", 64, 48, 20.0, 10, seekable=True, live=False)


def images(path: Path) -> list[np.ndarray]:
    return [frame.image for frame in open_source(path).frames()]


def fill(sink: Sink, result: Result, count: int) -> None:
    for index in range(count):
        sink.write(result(index))


def test_every_picture_is_in_it(
    tmp_path: Path, result: Result, index_of: Callable[[np.ndarray], int]
) -> None:
    sink = open_sink(tmp_path / "out.mp4", INFO)
    fill(sink, result, 10)
    sink.close()
    sink.close()
    assert [index_of(image) for image in images(tmp_path / "out.mp4")] == list(range(10))
    assert open_source(tmp_path / "out.mp4").info.fps == 20


def test_the_painted_picture_goes_first(tmp_path: Path, result: Result) -> None:
    sink = open_sink(tmp_path / "out.mp4", INFO)
    painted = np.full((48, 64, 3), (200, 40, 40), np.uint8)
    sink.write(replace(result(0), picture=painted))
    sink.close()
    image = images(tmp_path / "out.mp4")[0]
    assert np.allclose(image.mean(axis=(0, 1)), (200, 40, 40), atol=12)


@pytest.mark.parametrize("size", [(65, 49), (63, 48), (2, 2)])
def test_odd_sizes(tmp_path: Path, result: Result, size: tuple[int, int]) -> None:
    sink = open_sink(tmp_path / "out.mp4", INFO)
    sink.write(replace(result(0), image=np.zeros((*size[::-1], 3), np.uint8)))
    sink.close()
    height, width = images(tmp_path / "out.mp4")[0].shape[:2]
    assert (width, height) == (size[0] // 2 * 2, size[1] // 2 * 2)


def test_a_size_that_changes_is_fitted(tmp_path: Path, result: Result) -> None:
    sink = open_sink(tmp_path / "out.mp4", INFO)
    sink.write(result(0))
    sink.write(replace(result(1), image=np.full((200, 100, 3), 255, np.uint8)))
    sink.write(replace(result(2), image=np.full((12, 16, 3), 255, np.uint8)))
    sink.close()
    _, tall, small = images(tmp_path / "out.mp4")
    assert tall[:, 30:34].mean() > 200
    assert tall[:, :10].mean() < 50
    assert small.mean() > 200


def test_a_live_source_keeps_its_time(tmp_path: Path, result: Result) -> None:
    sink = open_sink(tmp_path / "out.mp4", replace(INFO, live=True, frame_count=None))
    for time_s in (5.0, 5.05, 5.5, 5.51, 5.6):
        sink.write(replace(result(0), time_s=time_s))
    sink.close()
    assert len(images(tmp_path / "out.mp4")) == 13


def test_a_looped_live_source_goes_on(tmp_path: Path, result: Result) -> None:
    sink = open_sink(tmp_path / "out.mp4", replace(INFO, live=True, frame_count=None))
    for time_s in (0.0, 0.05, 0.1, 0.0, 0.05, 0.1):
        sink.write(replace(result(0), time_s=time_s))
    sink.close()
    assert len(images(tmp_path / "out.mp4")) == 6


def test_a_nearly_full_disk_leaves_a_playable_file(
    tmp_path: Path, result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = open_sink(tmp_path / "out.mp4", INFO)
    fill(sink, result, 10)
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(space.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(SinkError, match="nearly full"):
        fill(sink, result, 100)
    sink.close()
    assert len(images(tmp_path / "out.mp4")) == 30


def test_nothing_written_leaves_no_error(tmp_path: Path) -> None:
    open_sink(tmp_path / "out.mp4", INFO).close()


def test_an_unfinished_file_is_reported(
    tmp_path: Path, result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = open_sink(tmp_path / "out.mp4", INFO)
    sink.write(result(0))
    monkeypatch.setattr("edgereg.sinks.video.open_capture", lambda _: None)
    with pytest.raises(SinkError, match="could not be finished"):
        sink.close()
