"""Video files: every frame, exact seeking, and every kind of damaged file."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgereg.core.errors import SourceError
from edgereg.sources.file import VideoFile
from edgereg.sources.open import open_source

from .media import H264, Coding, encode, varying

Clip = Callable[..., Path]
IndexOf = Callable[[np.ndarray], int]


def fault(path: Path) -> str:
    with pytest.raises(SourceError) as caught:
        open_source(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_every_frame_in_order(clip: Clip, index_of: IndexOf) -> None:
    source = open_source(clip(12))
    frames = list(source.frames())
    assert [frame.index for frame in frames] == list(range(12))
    assert [index_of(frame.image) for frame in frames] == list(range(12))
    assert np.allclose([frame.time_s for frame in frames], np.arange(12) / 20, atol=2e-3)
    info = source.info
    assert (info.width, info.height, info.fps, info.frame_count) == (64, 48, 20.0, 12)
    assert info.seekable
    assert not info.live
    assert not source.warnings


def test_colours_are_rgb(tmp_path: Path) -> None:
    path = tmp_path / "red.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    writer.write(np.full((48, 64, 3), (0, 0, 255), np.uint8))
    writer.release()
    image = next(iter(VideoFile(path).frames())).image
    assert image[..., 0].mean() > 200
    assert image[..., 2].mean() < 50


@pytest.mark.parametrize("name", ["clip.mp4", "clip.avi"])
def test_seeking_is_exact(clip: Clip, index_of: IndexOf, name: str) -> None:
    source = open_source(clip(25, name=name))
    for target in (7, 3, 20, 24, 0, 1, 12):
        source.seek(target)
        frame = next(source.frames())
        assert (frame.index, index_of(frame.image)) == (target, target)


def test_iteration_goes_on_after_a_jump(clip: Clip) -> None:
    source = open_source(clip(10))
    frames = source.frames()
    next(frames)
    source.seek(7)
    assert [frame.index for frame in frames] == [7, 8, 9]
    source.seek(2)
    assert next(source.frames()).index == 2


@pytest.mark.parametrize("index", [-1, 10, 4000])
def test_seeking_outside(clip: Clip, index: int) -> None:
    source = open_source(clip(10))
    with pytest.raises(SourceError, match=f"no frame {index}"):
        source.seek(index)
    source.seek(4)
    assert next(source.frames()).index == 4


@pytest.mark.skipif(not hasattr(cv2, "Animation"), reason="OpenCV 4 does not write GIFs")
def test_a_gif_is_a_video(tmp_path: Path) -> None:
    animation = cv2.Animation()
    animation.frames = [np.full((48, 64, 4), 40 + 30 * k, np.uint8) for k in range(5)]
    animation.durations = np.array([100, 80, 90, 100, 100])
    path = tmp_path / "clip.gif"
    assert cv2.imwriteanimation(str(path), animation)
    source = open_source(path)
    levels = [frame.image.mean() for frame in source.frames()]
    assert np.allclose(levels, 40 + 30 * np.arange(5), atol=4)
    source.seek(3)
    assert next(source.frames()).image.mean() == pytest.approx(130, abs=4)


def test_missing_file(tmp_path: Path) -> None:
    assert "no such file" in fault(tmp_path / "nowhere.mp4")


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.mp4"
    path.write_bytes(b"")
    assert "the file is empty" in fault(path)


@pytest.mark.parametrize("content", [b"just a text\n" * 200, bytes(5000)])
def test_no_video(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "text.mp4"
    path.write_bytes(content)
    assert "not a video" in fault(path)


@pytest.mark.parametrize("name", ["licence.txt", "playlist.m3u8", "clip.mp4"])
def test_text_is_no_video(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("#EXTM3U\nfile:///etc/hostname\nZeilen für Menschen\n" * 200, encoding="utf-8")
    with pytest.raises(SourceError, match="is a text file, not a video"):
        VideoFile(path)


def test_truncated_file_without_index(clip: Clip) -> None:
    path = clip(30)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "not a video" in fault(path) or "damaged" in fault(path)


def test_truncated_file_delivers_what_is_there(clip: Clip, index_of: IndexOf) -> None:
    path = clip(28, (640, 480), "clip.avi")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    source = open_source(path)
    frames = list(source.frames())
    assert 5 < len(frames) < 25
    assert [index_of(frame.image) for frame in frames[:-1]] == list(range(len(frames) - 1))
    assert "truncated" in source.warnings[-1]


def test_a_frame_size_that_changes_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "clip.mjpg"
    sizes = [(64, 48)] * 3 + [(96, 80)] * 3
    parts = [cv2.imencode(".jpg", np.full((h, w, 3), 90, np.uint8))[1] for w, h in sizes]
    path.write_bytes(b"".join(bytes(part) for part in parts))
    frames = list(open_source(path).frames())
    assert len(frames) == 6
    assert all(frame.image.mean() > 80 for frame in frames)


def test_closing_ends_the_iteration(clip: Clip) -> None:
    source = open_source(clip(10))
    frames = source.frames()
    next(frames)
    source.close()
    source.close()
    assert list(frames) == []
    with pytest.raises(SourceError, match="closed"):
        source.seek(1)


@pytest.mark.parametrize("surveyed", [False, True])
def test_a_time_leads_to_the_frame_nearest_to_it(tmp_path: Path, surveyed: bool) -> None:
    """By the frames' own times: this rate varies, and its mean is off by seven frames."""
    path = encode(tmp_path / "phone.mp4", Coding(options=H264, times=varying()))
    source = VideoFile(path)
    if surveyed:
        source.seek(0)
        times = [time / 1000 for time in varying()]
    else:
        times = [frame.time_s for frame in islice(source.frames(), 20)]
    for index, time_s in enumerate(times):
        assert source.frame_at(time_s) == index
        assert source.frame_at(time_s + 0.004) == index
        assert source.time_of(index) == pytest.approx(time_s)
    assert source.time_of(len(times) + 1) > times[-1] + 1.5 / source.info.fps
    beyond = source.frame_at(times[-1] + 1.0)
    assert beyond == len(times) - 1 if surveyed else beyond > len(times)
    source.close()
