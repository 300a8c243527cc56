"""Still images: single, in folders and by glob, damaged ones among them."""

from __future__ import annotations

import errno
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgereg.core.errors import SourceError
from edgereg.sources.open import open_source


def save(path: Path, level: int, size: tuple[int, int] = (16, 12)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, np.full((*size[::-1], 3), level, np.uint8))[1])
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in (10, 2, 1):
        save(tmp_path / "shots" / f"shot{number}.png", number)
    (tmp_path / "shots" / "notes.txt").write_text("no image")
    return tmp_path / "shots"


def levels(text: Path | str) -> list[int]:
    return [int(frame.image[0, 0, 0]) for frame in open_source(text).frames()]


def test_a_folder_in_natural_order(folder: Path) -> None:
    assert levels(folder) == [1, 2, 10]
    assert open_source(folder).info.frame_count == 3


def test_a_glob(folder: Path) -> None:
    assert levels(str(folder / "shot1*.png")) == [1, 10]


@pytest.mark.parametrize("name", ["one.png", "ümläut 中.jpg", "one.BMP"])
def test_one_image(tmp_path: Path, name: str) -> None:
    assert levels(save(tmp_path / name, 77)) == [77]


def test_sizes_may_change(folder: Path) -> None:
    save(folder / "shot3.png", 3, (40, 30))
    shapes = [frame.image.shape[:2] for frame in open_source(folder).frames()]
    assert shapes == [(12, 16), (12, 16), (30, 40), (12, 16)]


def test_seeking(folder: Path) -> None:
    source = open_source(folder)
    source.seek(2)
    assert [frame.index for frame in source.frames()] == [2]
    with pytest.raises(SourceError, match="no image 3"):
        source.seek(3)


def test_a_damaged_image_is_skipped_and_counted(folder: Path) -> None:
    (folder / "shot1.png").write_bytes(b"not a picture")
    (folder / "shot10.png").write_bytes(b"")
    source = open_source(folder)
    assert [frame.index for frame in source.frames()] == [1]
    assert len(source.warnings) == 2


def test_a_damaged_image_alone(tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"not a picture")
    with pytest.raises(SourceError, match=r"bad\.jpg: not an image"):
        open_source(tmp_path / "bad.jpg")


def test_a_folder_without_images(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no images in it"):
        open_source(tmp_path)


def test_a_glob_without_matches(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no images in it"):
        open_source(str(tmp_path / "*.png"))


def test_a_missing_image(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        open_source(tmp_path / "none.png")


def test_no_source_at_all() -> None:
    with pytest.raises(SourceError, match="no source given"):
        open_source("  ")


@pytest.mark.parametrize("text", ["a" * 400, "x" * 300 + "*", "clip\0.mp4"])
def test_what_can_not_be_a_name(text: str) -> None:
    with pytest.raises(SourceError):
        open_source(text)


def test_a_folder_that_can_not_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", denied)
    with pytest.raises(SourceError, match="shots: can't be read: Permission denied"):
        open_source(folder)
