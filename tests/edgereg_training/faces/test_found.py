"""Boxes of photographs from the bundled detector: whose they are, and that they are kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from edgereg_training.faces import found
from edgereg_training.faces.found import found_box, with_found_boxes
from edgereg_training.faces.photographs import fairface
from edgereg_training.loop.errors import TrainingError

from edgereg.core.geometry import box_iou
from edgereg.demo.clip import ASSETS, load_truth
from edgereg.sources.open import open_source


def test_the_head_that_overlaps_is_found_and_not_its_neighbour() -> None:
    source = open_source(str(ASSETS / "demo.mp4"))
    image = next(iter(source.frames())).image
    source.close()
    truth = np.array([head.box for head in load_truth()[0]], np.float32)
    found_boxes = np.stack([found_box(image, own) for own in truth])
    assert box_iou(found_boxes, truth).argmax(1).tolist() == [0, 1, 2]


def test_nothing_found_leaves_the_own_box_within_the_picture() -> None:
    blank = np.zeros((192, 192, 3), np.uint8)
    own = np.array([18, -30, 182, 174], np.float32)
    assert found_box(blank, own).tolist() == [18, 0, 182, 174]


def test_what_was_found_is_kept_and_not_looked_for_again(
    fairface_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "boxes" / "found.npz"
    first = with_found_boxes(fairface(fairface_folder, "train"), kept)
    monkeypatch.setattr(found, "found_box", lambda image, own: pytest.fail("asked again"))
    again = with_found_boxes(fairface(fairface_folder, "train"), kept)
    assert first.found is not None
    assert again.found is not None
    assert np.array_equal(first.found, again.found)
    assert first.found.min() >= 0
    assert first.found.max() <= 192


def test_a_file_of_something_else_is_one_line(fairface_folder: Path, tmp_path: Path) -> None:
    kept = tmp_path / "found.npz"
    kept.write_text("no boxes")
    with pytest.raises(TrainingError, match="holds no boxes that were found"):
        with_found_boxes(fairface(fairface_folder, "train"), kept)
