"""Loaders of drives, on tiny recordings written in each recorder's own layout."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from edgereg_training.driving.drives import load_drives
from edgereg_training.driving.tubs import begun, write_tub
from edgereg_training.loop.errors import TrainingError


def touch(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"")


def second_tub(folder: Path, angles: list[float], deleted: list[int] | None = None) -> Path:
    """Records out of order in two catalogues, as a session that was gone on with leaves them."""
    touch(folder / "images", *(f"{i}_cam_image_array_.jpg" for i in range(len(angles))))
    lines = [
        json.dumps({"_index": i, "cam/image_array": f"{i}_cam_image_array_.jpg", "user/angle": a})
        for i, a in enumerate(angles)
    ]
    (folder / "catalog_1.catalog").write_text("\n".join(lines[2:]) + "\n")
    (folder / "catalog_0.catalog").write_text("\n".join(lines[:2]) + "\n")
    last = {
        "paths": ["catalog_1.catalog", "catalog_0.catalog"],
        "deleted_indexes": deleted or [],
    }
    head = ["[]", "[]", "{}", "{}", json.dumps(last)]
    (folder / "manifest.json").write_text("\n".join(head) + "\n")
    return folder


def test_a_tub_of_the_second_kind_is_in_order_and_without_deleted_records(tmp_path: Path) -> None:
    (drive,) = load_drives(second_tub(tmp_path / "tub", [0.1, -0.2, 0.3, 0.4], deleted=[1]))
    assert drive.steering.tolist() == [0.1, 0.3, 0.4]
    assert drive.unit == ""
    assert all(file.is_file() for file in drive.files)


def test_a_tub_of_the_first_kind_sorts_numbers_and_not_names(tmp_path: Path) -> None:
    for number, angle in ((10, 0.5), (9, -0.5), (2, 0.0)):
        record = {"cam/image_array": f"{number}_cam-image_array_.jpg", "user/angle": angle}
        (tmp_path / f"record_{number}.json").write_text(json.dumps(record))
    (drive,) = load_drives(tmp_path)
    assert drive.steering.tolist() == [0.0, -0.5, 0.5]
    assert drive.files[0] == tmp_path / "2_cam-image_array_.jpg"


@pytest.mark.parametrize("header", [True, False])
def test_the_simulators_log_has_three_cameras_a_moment(tmp_path: Path, header: bool) -> None:
    touch(tmp_path / "IMG", *(f"{c}_{i}.jpg" for c in ("center", "left", "right") for i in (1, 2)))
    rows = [
        rf"C:\Users\me\IMG\center_{i}.jpg, C:\Users\me\IMG\left_{i}.jpg,"
        rf" C:\Users\me\IMG\right_{i}.jpg,{angle}, 0.9, 0, 22.1"
        for i, angle in ((1, 0.05), (2, -0.25))
    ]
    first = ["center,left,right,steering,throttle,brake,speed"] if header else []
    (tmp_path / "driving_log.csv").write_text("\n".join(first + rows) + "\n")
    (drive,) = load_drives(tmp_path)
    assert drive.moment.tolist() == [0, 0, 0, 1, 1, 1]
    assert drive.side.tolist() == [0, -1, 1, 0, -1, 1]
    assert drive.steering.tolist() == [0.05] * 3 + [-0.25] * 3
    assert [file.name for file in drive.files[:3]] == ["center_1.jpg", "left_1.jpg", "right_1.jpg"]
    assert all(file.is_file() for file in drive.files)


@pytest.mark.parametrize("inner", ["", "data"])
def test_data_txt_is_in_degrees_with_or_without_times(tmp_path: Path, inner: str) -> None:
    touch(tmp_path / inner, "0.jpg", "1.jpg")
    (tmp_path / "data.txt").write_text("0.jpg 1.84\n1.jpg -12.5,2018-07-01 17:09:44:912\n\n")
    (drive,) = load_drives(tmp_path)
    assert drive.steering.tolist() == [1.84, -12.5]
    assert drive.unit == "degree"
    assert all(file.is_file() for file in drive.files)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("frame,speed,steering_angle\nframes/a.png,3,-0.5\nframes/b.png,4,1.0\n", ""),
        ("time;filename;angle\n0;a.png;-90,5\n1;b.png;12\n", "degree"),
        ("filename,steering_angle_deg\na.png,0.2\nb.png,-0.3\n", "degree"),
    ],
)
def test_any_csv_of_pictures_and_angles(tmp_path: Path, text: str, unit: str) -> None:
    touch(tmp_path / "frames", "a.png", "b.png")
    (tmp_path / "log.csv").write_text(text)
    (drive,) = load_drives(tmp_path)
    assert drive.unit == unit
    assert [file.name for file in drive.files] == ["a.png", "b.png"]
    assert all(file.is_file() for file in drive.files)


def test_a_folder_of_recordings_gives_each(tmp_path: Path) -> None:
    for name in ("b", "a"):
        second_tub(tmp_path / name, [0.1, 0.2, 0.3])
    assert [Path(drive.name).name for drive in load_drives(tmp_path)] == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("driving_log.csv", "a,b\nc,d\n", "needs a column of pictures"),
        ("driving_log.csv", "center,steering\nx.jpg,left\n", "row 1 has 'left'"),
        ("driving_log.csv", "center,steering\n", "holds no picture"),
        ("data.txt", "0.jpg\n", "line 1 is no picture with an angle"),
        ("manifest.json", "[]\n", "should be a JSON object"),
        ("manifest.json", '{"paths": ["catalog_0.catalog"]}\n', "can't read this part"),
        ("notes.md", "", "no recording found"),
    ],
)
def test_damaged_recordings_are_one_clear_line(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(TrainingError, match=said) as caught:
        load_drives(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_tub_that_was_begun_is_completed(tmp_path: Path) -> None:
    image = np.zeros((8, 8, 3), np.uint8)
    list(
        zip(
            range(1200),
            write_tub(tmp_path, 1500, ((image, 0.0) for _ in range(1500))),
            strict=False,
        )
    )
    assert begun(tmp_path) == 1000
    assert not (tmp_path / "manifest.json").exists()
    for _ in write_tub(tmp_path, 1500, ((image, 0.5) for _ in range(500))):
        pass
    (drive,) = load_drives(tmp_path)
    assert len(drive) == 1500
    assert drive.steering[999] == 0.0
    assert drive.steering[1000] == 0.5
