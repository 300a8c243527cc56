"""Each loader on a tiny set in the layout of the real one, and each message for a wrong folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from pkgutil import resolve_name

import numpy as np
import pytest
from edgereg_training.data.dataset import DataSet, DataSetError, Sample, samples_of
from edgereg_training.data.registry import DATASETS

TinySet = Callable[[str], Path]


def dataset(name: str) -> DataSet:
    found: DataSet = resolve_name(DATASETS[name])
    return found


def load(tiny_set: TinySet, name: str, split: str) -> list[Sample]:
    return list(samples_of(dataset(name), tiny_set(name), split))


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_every_set_is_read_and_its_pictures_are_there(tiny_set: TinySet, name: str) -> None:
    found = dataset(name)
    assert found.name == name
    loaded = 0
    for split in found.splits:
        samples = found.load(tiny_set(name), split)
        loaded += len(samples)
        assert len({sample.name for sample in samples}) == len(samples) or name in (
            "agedb",
            "imdb-wiki",
        )
        for sample in samples[:3]:
            picture = sample.read()
            assert picture.dtype == np.uint8
            assert picture.ndim == 3
            labels = {**sample.labels, **(sample.maps() if sample.maps else {})}
            assert set(found.labels) <= set(labels)
    assert loaded


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_a_wrong_folder_says_what_was_expected_and_what_was_found(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday" / "beach.txt").write_text("sun")
    found = dataset(name)
    with pytest.raises(DataSetError) as raised:
        samples_of(found, tmp_path / "holiday", found.splits[0])
    message = str(raised.value)
    assert "Expected" in message
    assert found.layout in message
    assert "found beach.txt" in message


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_no_set_is_taken_for_another(tiny_set: TinySet, name: str) -> None:
    folder = tiny_set(name)
    takers = {other for other in DATASETS if dataset(other).recognises(folder)}
    assert takers == {name}


def test_an_unknown_split_names_the_known_ones(tiny_set: TinySet) -> None:
    with pytest.raises(DataSetError, match=r"no split 'dev' \(known: train, test\)"):
        load(tiny_set, "cofw", "dev")


def test_biwi(tiny_set: TinySet) -> None:
    still, turned = load(tiny_set, "biwi", "test")
    assert still.labels["pose"] == pytest.approx([0, 0, 0], abs=1e-3)
    # About an axis down the picture, +30 degrees turn a nose to image left: -30 is ours.
    assert turned.labels["pose"] == pytest.approx([-30, 0, 0], abs=1e-3)
    # (40 + 10) mm right and 50 mm below the axis at 1 m, 240 mm wide.
    x, y, reach = 320 + 0.05 * 517.679 + 0.5, 240.5 + 0.05 * 517.679 + 0.5, 0.12 * 517.679
    assert still.box == pytest.approx((x - reach, y - reach, x + reach, y + reach))
    assert still.person == "F01"
    assert {sample.person for sample in load(tiny_set, "biwi", "train")} == {"F02"}


def test_biwis_test_sequences_may_be_listed(tiny_set: TinySet) -> None:
    (tiny_set("biwi") / "test_sequences.txt").write_text("02\n")
    assert {sample.person for sample in load(tiny_set, "biwi", "test")} == {"F02"}


def test_a_pose_that_is_cut_off_is_named(tiny_set: TinySet) -> None:
    file = tiny_set("biwi") / "hpdb" / "01" / "frame_00003_pose.txt"
    file.write_text("1 0 0\n0 1 0\n")
    with pytest.raises(DataSetError, match=r"frame_00003_pose.txt: expected 3 x 3 numbers"):
        load(tiny_set, "biwi", "test")


def test_300w_lp_leaves_out_what_is_turned_too_far(tiny_set: TinySet) -> None:
    samples = load(tiny_set, "300w-lp", "train")
    assert [sample.name for sample in samples] == ["AFW/AFW_1_0.jpg", "AFW_Flip/AFW_1_0.jpg"]
    yaw = [float(sample.labels["pose"][0]) for sample in samples]
    assert yaw[0] < -20 < 20 < yaw[1]
    # Matlab's pixels count from 1.
    assert samples[0].labels["landmarks"][0] == pytest.approx([84.5, 49.5])


def test_aflw2000_knows_its_thirds(tiny_set: TinySet) -> None:
    subsets = [sample.subsets for sample in load(tiny_set, "aflw2000", "test")]
    assert subsets == [("yaw-0-30",), ("yaw-30-60",)]


def test_cofw_turns_matlabs_columns(tiny_set: TinySet) -> None:
    colour, grey = load(tiny_set, "cofw", "test")
    picture = colour.read()
    assert picture.shape == (100, 120, 3)
    assert picture[7, 33].tolist() == [33, 0, 0]
    assert grey.read()[7, 33].tolist() == [33, 33, 33]
    assert colour.labels["landmarks"][0] == pytest.approx([84.5, 49.5])
    assert grey.labels["visible"].sum() == 14
    assert (colour.subsets, grey.subsets) == ((), ("occluded",))


def test_300w_parts(tiny_set: TinySet) -> None:
    assert len(load(tiny_set, "300w", "train")) == 2
    subsets = [sample.subsets for sample in load(tiny_set, "300w", "test")]
    assert subsets == [("common",), ("common",), ("challenging",)]
    [hard] = load(tiny_set, "300w", "challenging")
    assert hard.labels["landmarks"][0] == pytest.approx([84.5, 49.5])
    eyes = hard.labels["landmarks"][[36, 45]]
    assert hard.reference == pytest.approx(np.linalg.norm(eyes[0] - eyes[1]), rel=1e-5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 1\nn_points: 68\n{\n1 2\n}\n", "says n_points 68 and holds 1"),
        ("version: 1\n", "expected 'n_points: N'"),
        ("n_points: 1\n{\n1 2 3\n}\n", "expected 'n_points: N'"),
        ("n_points: 1\n{\n1 2\n}\n", "expected 68 points, found 1"),
    ],
)
def test_a_damaged_pts_file_is_named(tiny_set: TinySet, text: str, said: str) -> None:
    file = tiny_set("300w") / "ibug" / "face_1.pts"
    file.write_text(text)
    with pytest.raises(DataSetError, match=said) as raised:
        load(tiny_set, "300w", "challenging")
    assert str(file) in str(raised.value)


def test_wflw(tiny_set: TinySet) -> None:
    assert len(load(tiny_set, "wflw", "train")) == 2
    [face] = load(tiny_set, "wflw", "test")
    assert face.subsets == ("pose", "blur")
    assert face.box == (30.5, 20.5, 90.5, 80.5)
    assert face.labels["landmarks"][0] == pytest.approx([84.5, 49.5])


def test_a_short_line_of_wflw_is_named(tiny_set: TinySet) -> None:
    path = next((tiny_set("wflw") / "WFLW_annotations").rglob("*_test.txt"))
    path.write_text("1 2 3 a.jpg\n")
    with pytest.raises(DataSetError, match="line 1: expected 206 numbers"):
        load(tiny_set, "wflw", "test")


def test_aflw_has_its_own_length(tiny_set: TinySet) -> None:
    [face] = load(tiny_set, "aflw", "test")
    assert face.reference == 60
    assert face.box == (29, 19, 89, 79)
    assert face.labels["landmarks"][0] == pytest.approx([84.5, 49.5])


def test_ages_know_their_shots(tiny_set: TinySet) -> None:
    subsets = [sample.subsets for sample in load(tiny_set, "agedb", "test")]
    assert subsets == [("many",), ("medium",), ("few",)]


def test_nobody_of_morph_is_in_two_splits(tiny_set: TinySet) -> None:
    splits = [load(tiny_set, "morph2", split) for split in ("train", "val", "test")]
    people = [{sample.person for sample in samples} for samples in splits]
    assert sum(map(len, people)) == len(set.union(*people)) == 40
    assert sum(map(len, splits)) == 80


def test_afad_is_split_by_name(tiny_set: TinySet) -> None:
    counts = {split: len(load(tiny_set, "afad", split)) for split in ("train", "test", "all")}
    assert counts["all"] == 40
    assert 20 <= counts["train"] <= 36
    ages = {float(sample.labels["age"]) for sample in load(tiny_set, "afad", "all")}
    assert ages == {18, 40}


def test_utkface_takes_ages_21_to_60(tiny_set: TinySet) -> None:
    assert len(load(tiny_set, "utkface", "all")) == 31
    adults = [load(tiny_set, "utkface", split) for split in ("train", "test")]
    assert min(float(sample.labels["age"]) for part in adults for sample in part) >= 21


def test_coco_boxes(tiny_set: TinySet) -> None:
    car, empty = load(tiny_set, "coco", "val")
    assert car.labels["boxes"].tolist() == [[10, 20, 40, 60]]
    # Classes are numbered in the order of their ids: person, car.
    assert car.labels["classes"].tolist() == [1]
    assert empty.labels["boxes"].shape == (0, 4)


def test_voc_boxes(tiny_set: TinySet) -> None:
    [dog] = load(tiny_set, "voc", "test")
    assert dog.labels["boxes"].tolist() == [[10, 20, 40, 60]]


def test_nyud2_depth_in_metres(tiny_set: TinySet) -> None:
    [near] = load(tiny_set, "nyud2", "test")
    [far] = load(tiny_set, "nyud2", "train")
    assert near.maps is not None
    assert far.maps is not None
    assert near.maps()["depth"] == pytest.approx(1.5)
    assert far.maps()["depth"] == pytest.approx(5.0, abs=0.04)


def test_breakfast_progress(tiny_set: TinySet) -> None:
    frames = load(tiny_set, "breakfast", "s1-test")
    assert {frame.person for frame in frames} == {"P03"}
    progress = [float(frame.labels["progress"]) for frame in frames]
    assert progress == pytest.approx([10.0 * k for k in range(11)])
    assert frames[5].read().mean() == pytest.approx(100, abs=4)


def test_csv_rows(tiny_set: TinySet) -> None:
    rows = load(tiny_set, "csv", "all")
    assert len(rows) == 20
    assert float(rows[4].labels["length_mm"]) == 14
    assert "note" not in rows[4].labels
    assert "length_mm" not in rows[7].labels
    assert rows[3].box == (20, 30, 60, 80)
    train, val = (load(tiny_set, "csv", split) for split in ("train", "val"))
    assert len(train) + len(val) == 20


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("path,y\n,3\n", "line 2: names no picture in column 'path'"),
        ("path,y,box_x1,box_y1,box_x2,box_y2\na.png,3,1,2,x,4\n", "line 2: the box needs"),
        ("path,y,box_x1,box_y1,box_x2,box_y2\na.png,3,9,2,1,4\n", "has no area"),
    ],
)
def test_a_wrong_line_of_a_csv_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(text)
    with pytest.raises(DataSetError, match=said):
        samples_of(dataset("csv"), path, "all")
