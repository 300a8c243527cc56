"""`edgereg data check` on tiny sets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
from click.testing import CliRunner, Result
from edgereg_training.commands.data import command
from edgereg_training.data.check import contact_sheet, dataset_of, recognised
from edgereg_training.data.dataset import DataSetError, samples_of
from edgereg_training.data.registry import DATASETS

TinySet = Callable[[str], Path]


def check(*arguments: object) -> Result:
    return CliRunner().invoke(command, ["check", *map(str, arguments)], standalone_mode=False)


def test_a_folder_is_named_counted_and_drawn(tiny_set: TinySet, tmp_path: Path) -> None:
    found = check(tiny_set("wflw"), "--sheet", tmp_path / "sheet.png")
    assert found.return_value == 0, found.output
    assert "is WFLW (wflw)" in found.output
    assert "blur 1" in found.output
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet is not None
    assert sheet.shape == (160, 8 * 160, 3)
    # Green dots of 98 points, on pictures that have no such green.
    assert ((sheet[..., 1] > 180) & (sheet[..., 0] > 90)).sum() > 100


def test_missing_pictures_fail_and_the_first_is_named(tiny_set: TinySet, tmp_path: Path) -> None:
    (tiny_set("300w") / "ibug" / "face_1.png").unlink()
    found = check(tiny_set("300w"), "--sheet", tmp_path / "sheet.png")
    assert found.return_value == 1
    assert "missing is, for example," in found.output
    assert (tmp_path / "sheet.png").is_file()


def test_ranges_of_numbers_are_shown(tiny_set: TinySet, tmp_path: Path) -> None:
    found = check(tiny_set("csv"), "--sheet", tmp_path / "sheet.png")
    assert "length_mm 10," in " ".join(found.output.split())


def test_an_unknown_folder_lists_what_is_known(tmp_path: Path) -> None:
    (tmp_path / "beach.txt").write_text("sun")
    with pytest.raises(DataSetError) as raised:
        recognised(tmp_path)
    message = str(raised.value)
    assert "found beach.txt" in message
    assert all(name in message for name in DATASETS)


@pytest.mark.parametrize("name", ["biwi", "nyud2", "coco", "agedb"])
def test_every_kind_of_label_can_be_drawn(tiny_set: TinySet, name: str) -> None:
    dataset = dataset_of(name)
    sheet = contact_sheet(samples_of(dataset, tiny_set(name), dataset.splits[0]))
    assert sheet.std() > 5
