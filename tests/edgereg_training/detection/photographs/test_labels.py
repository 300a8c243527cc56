"""Labels of pictures: COCO, Pascal VOC, and folders of pictures alone."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from edgereg_training.detection.photographs.labels import (
    LabelledPicture,
    read_pictures,
    write_labels,
)
from edgereg_training.loop.errors import TrainingError

VOC = """<annotation><object><name>head</name><bndbox><xmin>3</xmin><ymin>5</ymin>
<xmax>10</xmax><ymax>12</ymax></bndbox></object></annotation>"""


def _picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((20, 30, 3), (10, 20, 200), np.uint8))


def test_what_was_written_is_read(tmp_path: Path) -> None:
    _picture(tmp_path / "in" / "a.png")
    boxes = np.array([[1, 2, 11.5, 20], [-3, 0, 5, 5]], np.float32)
    written = LabelledPicture(tmp_path / "in" / "a.png", boxes, np.array([False, True]))
    write_labels(tmp_path / "labels.json", [written])
    (read,) = read_pictures(tmp_path / "labels.json")
    np.testing.assert_allclose(read.boxes, boxes, atol=0.06)
    assert read.ignored.tolist() == [False, True]
    assert read.read().image[0, 0].tolist() == [200, 20, 10]  # RGB
    assert "/" not in (tmp_path / "labels.json").read_text().replace("in/a.png", "")


def test_pascal_voc_beside_and_in_jpegimages(tmp_path: Path) -> None:
    _picture(tmp_path / "JPEGImages" / "x.jpg")
    (tmp_path / "Annotations").mkdir()
    (tmp_path / "Annotations" / "x.xml").write_text(VOC)
    (read,) = read_pictures(tmp_path / "Annotations")
    assert read.path.name == "x.jpg"
    np.testing.assert_allclose(read.boxes, [[2, 4, 10, 12]])


def test_a_folder_of_pictures_shows_nobody(tmp_path: Path) -> None:
    _picture(tmp_path / "b.png")
    (read,) = read_pictures(tmp_path)
    assert len(read.boxes) == 0


@pytest.mark.parametrize("content", ["[]", "{", '{"images": [{}], "annotations": []}'])
def test_what_is_no_labels_is_said(tmp_path: Path, content: str) -> None:
    (tmp_path / "l.json").write_text(content)
    with pytest.raises(TrainingError, match=r"l\.json: no COCO labels"):
        read_pictures(tmp_path / "l.json")


def test_an_empty_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no pictures"):
        read_pictures(tmp_path)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_grey_deep_and_cut_out_pictures_are_read(
    tmp_path: Path, channels: int, depth: type[np.generic]
) -> None:
    pixels = np.full((20, 30, channels), np.iinfo(depth).max // 2, depth).squeeze()
    cv2.imwrite(str(tmp_path / "a.png"), pixels)
    (read,) = read_pictures(tmp_path)
    image = read.read().image
    assert image.dtype == np.uint8
    assert image.shape == (20, 30, 4 if channels == 4 and depth is np.uint8 else 3)
    assert image[..., :3].mean() == pytest.approx(127, abs=1)
