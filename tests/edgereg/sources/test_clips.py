"""Many clips as one source, and slices of clips: every frame once, in order, in its place."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from edgereg.core.errors import SourceError
from edgereg.core.files import MADE_BY
from edgereg.sources.clips import Clips, clips_of
from edgereg.spread.slices import Slice, slices_of


@pytest.fixture
def folder(clip: Callable[..., Path], tmp_path: Path) -> Path:
    for name, count in (("b.mp4", 3), ("a.mp4", 5), ("c.avi", 4)):
        clip(count, name=name)
    (tmp_path / "notes.txt").write_text("no clip")
    return tmp_path


def test_a_folder_or_glob_of_videos(folder: Path) -> None:
    assert [path.name for path in clips_of(str(folder))] == ["a.mp4", "b.mp4", "c.avi"]
    assert [path.name for path in clips_of(f"{folder}/*.mp4")] == ["a.mp4", "b.mp4"]
    assert clips_of(str(folder / "a.mp4")) == []
    assert clips_of("0") == []
    (folder / "picture.png").write_bytes(b"")
    assert clips_of(str(folder)) == []


def test_frames_are_on_one_line_of_time(folder: Path, index_of: Callable[..., int]) -> None:
    source = Clips(clips_of(str(folder)), "folder")
    frames = list(source.frames())
    assert [frame.index for frame in frames] == [*range(12)]
    assert [index_of(frame.image) for frame in frames] == [*range(5), *range(3), *range(4)]
    assert all(a.time_s < b.time_s for a, b in pairwise(frames))
    assert frames[5].time_s == pytest.approx(5 / 20)
    assert source.info.frame_count is None
    assert [(each.first_frame, each.frames) for each in source.timeline.placed] == [
        (0, 5),
        (5, 3),
        (8, 4),
    ]


def test_clips_that_are_done_are_left_out(folder: Path) -> None:
    whole = list(Clips(clips_of(str(folder)), "folder").frames())
    source = Clips(clips_of(str(folder)), "folder")
    source.go_on({str(folder / "a.mp4")}, 5, 0.25)
    assert [path.name for path in source.waiting] == ["b.mp4", "c.avi"]
    rest = list(source.frames())
    assert [(f.index, f.time_s, f.clip) for f in rest] == [
        (f.index, pytest.approx(f.time_s), f.clip) for f in whole[5:]
    ]


def test_a_damaged_clip_is_skipped_and_told(folder: Path) -> None:
    (folder / "a.mp4").write_bytes(b"")
    source = Clips(clips_of(str(folder)), "folder")
    assert len(list(source.frames())) == 7
    assert [line.split(": ")[1] for line in source.warnings] == ["the file is empty"]
    with pytest.raises(SourceError, match="none of its 1 clips"):
        Clips([folder / "a.mp4"], "folder")
    with pytest.raises(SourceError, match="can't be searched"):
        source.seek(1)


def test_closing_ends_the_iteration(folder: Path) -> None:
    source = Clips(clips_of(str(folder)), "folder")
    seen = 0
    for _ in source.frames():
        seen += 1
        source.close()
    assert seen == 1


@pytest.mark.parametrize(
    ("frames", "expected"),
    [(100, [(0, None)]), (12, [(0, None)]), (5, [(0, 5), (5, 10), (10, None)])],
)
def test_slices_cover_a_clip(
    clip: Callable[..., Path], frames: int, expected: list[tuple[int, int | None]]
) -> None:
    path = clip(12)
    assert slices_of(path, frames) == [Slice(path, *each) for each in expected]


def test_a_clip_that_can_not_be_opened_is_left_to_its_worker(tmp_path: Path) -> None:
    assert slices_of(tmp_path / "no.mp4", 5) == [Slice(tmp_path / "no.mp4")]


def test_what_edgereg_wrote_itself_is_skipped(folder: Path, clip: Callable[..., Path]) -> None:
    content = clip(6, name="b.mp4").read_bytes()
    (folder / "b-poses.mp4").write_bytes(content + MADE_BY.encode())
    source = Clips(clips_of(str(folder)), "folder")
    assert "b-poses.mp4" not in [path.name for path in source.info.files]
    assert source.warnings == ("folder: skipped what edgereg wrote itself: b-poses.mp4",)
    assert len(list(source.frames())) == 15
