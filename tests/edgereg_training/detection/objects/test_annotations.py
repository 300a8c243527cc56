"""Annotations of one's own objects, as annotation tools leave them."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from edgereg_training.data.dataset import DataSetError
from edgereg_training.detection.objects.annotations import SPLITS, load_annotated


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((40, 60, 3), 90, np.uint8))


def coco(path: Path, names: list[str], boxes: int = 1) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "images": [{"id": k, "file_name": name} for k, name in enumerate(names)],
        "categories": [
            {"id": 0, "name": "things"}, {"id": 3, "name": "cat"}, {"id": 1, "name": "dog"},
        ],
        "annotations": [
            {"id": 2 * k + c, "image_id": k, "category_id": (3, 1)[c], "bbox": [5, 6, 10, 20],
             "iscrowd": 0}
            for k in range(len(names)) for c in range(2)
        ],
    }  # fmt: skip
    path.write_text(json.dumps(content))


def voc(folder: Path, stem: str, name: str, pictures: str = "") -> None:
    picture(folder / pictures / f"{stem}.jpg")
    box = "<bndbox><xmin>11</xmin><ymin>6</ymin><xmax>30</xmax><ymax>20</ymax></bndbox>"
    (folder / f"{stem}.xml").write_text(
        f"<annotation><object><name>{name}</name>{box}</object></annotation>"
    )


def test_an_export_with_a_folder_for_each_split(tmp_path: Path) -> None:
    for folder, count in (("train", 5), ("valid", 2), ("test", 3)):
        names = [f"{folder}{k}.jpg" for k in range(count)]
        coco(tmp_path / folder / "_annotations.coco.json", names)
        for name in names:
            picture(tmp_path / folder / name)
    found = {split: load_annotated(tmp_path, split) for split in SPLITS}
    assert [len(found[split].samples) for split in SPLITS] == [5, 2, 3]
    # The class that no box has is left out; the others keep the order of their numbers.
    assert found["train"].names == ("dog", "cat")
    first = found["train"].samples[0]
    assert first.read().shape == (40, 60, 3)
    np.testing.assert_array_equal(first.labels["boxes"], [[5, 6, 15, 26]] * 2)
    assert first.labels["classes"].tolist() == [1, 0]


def test_one_list_without_splits_is_divided_the_same_at_every_reading(tmp_path: Path) -> None:
    names = [f"{k}.jpg" for k in range(60)]
    coco(tmp_path / "instances_default.json", names)
    for name in names:
        picture(tmp_path / "images" / name)
    parts = {split: [s.name for s in load_annotated(tmp_path, split).samples] for split in SPLITS}
    assert sorted(name for part in parts.values() for name in part) == sorted(names)
    assert len(parts["train"]) > 30
    assert parts == {s: [x.name for x in load_annotated(tmp_path, s).samples] for s in SPLITS}
    assert all(sample.file.is_file() for sample in load_annotated(tmp_path, "train").samples)


@pytest.mark.parametrize("pictures", ["", "../JPEGImages"])
def test_xml_files_beside_the_pictures(tmp_path: Path, pictures: str) -> None:
    folder = tmp_path / "Annotations"
    folder.mkdir()
    for k in range(40):
        voc(folder, f"p{k}", ("screw", "nut")[k % 2], pictures)
    found = load_annotated(tmp_path, "train")
    assert found.names == ("nut", "screw")
    sample = found.samples[0]
    assert sample.file.is_file()
    # VOC's corners count from 1 and belong to the box.
    np.testing.assert_array_equal(sample.labels["boxes"], [[10, 5, 30, 20]])
    tested = {s.name for s in load_annotated(tmp_path, "test").samples}
    assert not tested & {s.name for s in found.samples}


def test_a_split_that_is_wanting_is_taken_off_the_training_pictures(tmp_path: Path) -> None:
    names = [f"{k}.jpg" for k in range(40)]
    coco(tmp_path / "train.json", names)
    coco(tmp_path / "test.json", ["t.jpg"])
    parts = {split: {s.name for s in load_annotated(tmp_path, split).samples} for split in SPLITS}
    assert parts["test"] == {"t.jpg"}
    assert parts["train"] | parts["val"] == set(names)
    assert not parts["train"] & parts["val"]


@pytest.mark.parametrize("text", ["{}", "not json"])
def test_a_folder_without_annotations_says_what_it_should_hold(tmp_path: Path, text: str) -> None:
    (tmp_path / "notes.json").write_text(text)
    with pytest.raises(DataSetError, match="no annotations found"):
        load_annotated(tmp_path, "train")
