"""Crops of data sets, kept as shards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from pkgutil import resolve_name

import numpy as np
import pytest
from edgereg_training.data import cache as cache_module
from edgereg_training.data.cache import Cut, cached
from edgereg_training.data.dataset import DataSet, DataSetError
from edgereg_training.data.registry import DATASETS
from edgereg_training.render.shards import load_shards, read_manifest, shard_path

TinySet = Callable[[str], Path]


def dataset(name: str) -> DataSet:
    found: DataSet = resolve_name(DATASETS[name])
    return found


def cut(tiny_set: TinySet, name: str, split: str, label: str, out: Path, size: int = 40) -> Path:
    return cached(
        dataset(name), tiny_set(name), split, Cut(label, size, 1.25), out, lambda done, total: None
    )


def test_points_and_their_length_follow_the_crop(tiny_set: TinySet, tmp_path: Path) -> None:
    folder = cut(tiny_set, "300w", "challenging", "landmarks", tmp_path / "cache")
    arrays = load_shards(folder)
    assert arrays["images"].shape == (1, 60, 60, 3)
    assert arrays["landmarks"].shape == (1, 68, 2)
    # The picture's channels are the place of each pixel, so a point can be read off its crop.
    for x, y in arrays["landmarks"][0, ::9]:
        red, green, _ = arrays["images"][0, int(y), int(x)]
        # The points' box is 50 px about (59.5, 49.5); the crop shows 1.5 * 1.25 times as much.
        zoom = 60 / (1.5 * 1.25 * 50)
        assert red == pytest.approx((x - 30) / zoom + 59.5, abs=3)
        assert green == pytest.approx((y - 30) / zoom + 49.5, abs=3)
    eyes = arrays["landmarks"][0, [36, 45]]
    assert arrays["reference"][0] == pytest.approx(np.linalg.norm(eyes[0] - eyes[1]), rel=1e-4)
    assert arrays["subset_challenging"].tolist() == [True]


def test_a_picture_without_a_box_is_shown_whole(tiny_set: TinySet, tmp_path: Path) -> None:
    arrays = load_shards(cut(tiny_set, "csv", "val", "length_mm", tmp_path / "cache"))
    box = arrays["box"][0]
    assert (box[2] - box[0]) / (box[3] - box[1]) == pytest.approx(120 / 100)
    assert box[2] - box[0] == pytest.approx(60 / 1.5 / 1.25, rel=1e-3)


def test_lines_without_the_label_are_left_out(tiny_set: TinySet, tmp_path: Path) -> None:
    folder = cut(tiny_set, "csv", "all", "length_mm", tmp_path / "cache")
    assert read_manifest(folder)["count"] == 19


def test_work_that_was_broken_off_goes_on(
    tiny_set: TinySet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_module, "SHARD", 5)
    folder = cut(tiny_set, "csv", "all", "length_mm", tmp_path / "cache")
    whole = load_shards(folder)
    stamps = [shard_path(folder, k).stat().st_mtime_ns for k in range(4)]
    shard_path(folder, 2).unlink()
    assert cut(tiny_set, "csv", "all", "length_mm", tmp_path / "cache") == folder
    again = [shard_path(folder, k).stat().st_mtime_ns for k in range(4)]
    assert [a == b for a, b in zip(stamps, again, strict=True)] == [True, True, False, True]
    assert np.array_equal(load_shards(folder)["images"], whole["images"])


def test_a_corrected_label_makes_another_folder(tiny_set: TinySet, tmp_path: Path) -> None:
    before = cut(tiny_set, "csv", "all", "length_mm", tmp_path / "cache")
    table = tiny_set("csv")
    table.write_text(table.read_text().replace("00.png,10,", "00.png,11,"))
    assert cut(tiny_set, "csv", "all", "length_mm", tmp_path / "cache") != before


def test_missing_pictures_are_counted(tiny_set: TinySet, tmp_path: Path) -> None:
    for k in (2, 5):
        (tiny_set("csv").parent / f"{k:02d}.png").unlink()
    with pytest.raises(DataSetError, match=r"2 of 19 pictures are missing, the first is .*02.png"):
        cut(tiny_set, "csv", "all", "length_mm", tmp_path / "cache")


def test_a_damaged_picture_is_named(tiny_set: TinySet, tmp_path: Path) -> None:
    (tiny_set("csv").parent / "04.png").write_bytes(b"no picture")
    with pytest.raises(DataSetError, match=r"04.png: is no picture"):
        cut(tiny_set, "csv", "all", "length_mm", tmp_path / "cache")


def test_an_unknown_label_names_the_known_ones(tiny_set: TinySet, tmp_path: Path) -> None:
    with pytest.raises(DataSetError, match=r"no label 'lenght' \(it has length_mm\)"):
        cut(tiny_set, "csv", "all", "lenght", tmp_path / "cache")
