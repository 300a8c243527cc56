"""Tracking data sets, as tiny folders in the layout of their authors."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from edgereg_training.loop.errors import TrainingError
from edgereg_training.tracking.datasets import load_sequences, read_marked


def frames(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        cv2.imwrite(str(folder / name), np.zeros((8, 8, 3), np.uint8))


def write(file: Path, *lines: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_got10k(tmp_path: Path) -> None:
    home = tmp_path / "GOT-10k_Train_000001"
    frames(home, [f"{n:08d}.jpg" for n in (1, 2, 3)])
    write(home / "groundtruth.txt", "10.0,20.0,30.0,40.0", "11,21,30,40", "12,22,30,40")
    write(home / "absence.label", "0", "1", "0")
    write(home / "cover.label", "8", "8", "0")
    write(tmp_path / "list.txt", home.name)
    (item,) = load_sequences(tmp_path)
    assert item.name == home.name
    np.testing.assert_array_equal(item.boxes[0], [10, 20, 40, 60])
    assert item.present.tolist() == [True, False, False]


def test_lasot(tmp_path: Path) -> None:
    home = tmp_path / "airplane" / "airplane-1"
    frames(home / "img", ["00000001.jpg", "00000002.jpg", "00000003.jpg"])
    write(home / "groundtruth.txt", "5,6,7,8", "6,6,7,8", "7,6,7,8")
    write(home / "full_occlusion.txt", "0,1,0")
    write(home / "out_of_view.txt", "0,0,1")
    (item,) = load_sequences(tmp_path)
    assert item.present.tolist() == [True, False, False]
    assert [file.name for file in item.frames] == ["00000001.jpg", "00000002.jpg", "00000003.jpg"]


def test_otb_counts_from_one_and_may_follow_two(tmp_path: Path) -> None:
    frames(tmp_path / "Basketball" / "img", ["0001.jpg", "0002.jpg", "0003.jpg"])
    write(tmp_path / "Basketball" / "groundtruth_rect.txt", "1\t1\t4\t5", "2 1 4 5")
    frames(tmp_path / "Jogging" / "img", ["0001.jpg"])
    for number in (1, 2):
        write(tmp_path / "Jogging" / f"groundtruth_rect.{number}.txt", f"{number},1,4,5")
    first, *jogging = load_sequences(tmp_path)
    np.testing.assert_array_equal(first.boxes[0], [0, 0, 4, 5])
    assert len(first.frames) == 2
    assert [item.name for item in jogging] == ["Jogging-1", "Jogging-2"]


def test_trackingnet_sorts_by_number(tmp_path: Path) -> None:
    frames(tmp_path / "frames" / "abc", [f"{n}.jpg" for n in (10, 2, 0, 1)])
    write(tmp_path / "anno" / "abc.txt", "1,2,3,4")
    (item,) = load_sequences(tmp_path)
    assert [file.stem for file in item.frames] == ["0", "1", "2", "10"]
    # Its test split has the first box alone.
    assert item.present.tolist() == [True, False, False, False]


def test_vot_corners_and_masks(tmp_path: Path) -> None:
    frames(tmp_path / "bag" / "color", ["00000001.jpg", "00000002.jpg"])
    write(tmp_path / "bag" / "groundtruth.txt", "10,10,20,12,18,30,8,28", "nan,nan,nan,nan")
    frames(tmp_path / "dance" / "color", ["00000001.jpg"])
    write(tmp_path / "dance" / "groundtruth.txt", "m3,4,10,20,0,5,12")
    bag, dance = load_sequences(tmp_path)
    np.testing.assert_array_equal(bag.boxes[0], [8, 10, 20, 30])
    assert bag.present.tolist() == [True, False]
    np.testing.assert_array_equal(dance.boxes[0], [3, 4, 13, 24])


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["1,2,3"], "line 1 has 3 numbers"),
        (["1,2,3,4", "a,b,c,d"], "line 2 does not hold numbers"),
        (["nan,nan,nan,nan"], "no box to start with"),
        ([""], "0 boxes"),
    ],
)
def test_wrong_labels_are_named(tmp_path: Path, lines: list[str], message: str) -> None:
    frames(tmp_path / "one", ["0001.jpg", "0002.jpg"])
    write(tmp_path / "one" / "groundtruth.txt", *lines)
    with pytest.raises(TrainingError, match=message):
        load_sequences(tmp_path)


def test_a_folder_of_something_else(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="expected the layout"):
        load_sequences(tmp_path)
    with pytest.raises(TrainingError, match="no such folder"):
        load_sequences(tmp_path / "absent")


def test_marked_tracks(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "20,1,2,3,4", "30,2,2,3,4")
    numbers, boxes = read_marked(tmp_path / "a.txt")
    assert numbers.tolist() == [20, 30]
    np.testing.assert_array_equal(boxes[1], [2, 2, 5, 6])
    write(tmp_path / "b.txt", "1,2,3,4")
    with pytest.raises(TrainingError, match="frame,x,y,w,h"):
        read_marked(tmp_path / "b.txt")
