"""Cut-out people in places: boxes where their heads are, at any size."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from edgereg_training.detection.photographs.labels import LabelledPicture, write_labels
from edgereg_training.detection.photographs.people import (
    Cutout,
    PeopleSettings,
    halved,
    load_cutouts,
    paste_people,
)
from edgereg_training.detection.photographs.worn import wear_something


@pytest.fixture
def disc() -> Cutout:
    """A green disc as a head, with nothing below it."""
    image = np.zeros((64, 64, 4), np.uint8)
    cv2.circle(image, (32, 32), 20, (0, 255, 0, 255), -1)
    return Cutout(halved(image), np.array([12, 12, 53, 53], np.float32), 0)


@pytest.mark.parametrize("share", [0.06, 0.2, 0.9])
def test_boxes_bound_what_is_drawn(disc: Cutout, share: float) -> None:
    place = np.full((160, 160, 3), (255, 0, 255), np.uint8)
    settings = PeopleSettings(share, share * 1.01, crowd=1, worn=0.0)
    for seed in range(5):
        scene = paste_people(place, [disc], settings, np.random.default_rng(seed))
        image = scene.image.astype(int)
        rows, columns = np.nonzero(image[..., 1] > image[..., 0])
        seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        box = np.clip(scene.boxes[0], 0, 160)
        np.testing.assert_allclose(box, seen, atol=2 + 6 * share)


def test_smaller_copies_keep_their_colour_at_the_rim(disc: Cutout) -> None:
    small = disc.levels[3]
    rim = (small[..., 3] > 20) & (small[..., 3] < 230)
    assert rim.any()
    assert small[rim][:, 1].min() > 200  # not darkened by what lies outside


def test_a_hidden_head_is_ignored_or_gone(disc: Cutout) -> None:
    place = np.zeros((96, 96, 3), np.uint8)
    settings = PeopleSettings(0.15, 0.6, crowd=10, worn=0.0)
    hidden = 0
    for seed in range(300):
        scene = paste_people(place, [disc], settings, np.random.default_rng(seed))
        hidden += int(scene.ignored.sum())
        assert len(scene.boxes) == len(scene.ignored)
    assert hidden > 0


def test_headwear_makes_the_box_no_smaller() -> None:
    cutout = np.zeros((120, 100, 4), np.uint8)
    cv2.ellipse(cutout, (50, 60), (30, 40), 0, 0, 360, (180, 140, 120, 255), -1)
    box = np.array([20, 20, 81, 101], np.float32)
    changed = 0
    for seed in range(40):
        worn, grown = wear_something(cutout, box, seed % 3 - 1, np.random.default_rng(seed))
        assert (grown[:2] <= box[:2] + 1e-3).all()
        assert (grown[2:] >= box[2:] - 1e-3).all()
        changed += int((worn != cutout).any())
    assert changed == 40


def test_cutouts_know_where_they_look(tmp_path: Path) -> None:
    pictures = []
    for name in ("1-left_profile.png", "1-front.png", "1-right_profile.png"):
        cv2.imwrite(str(tmp_path / name), np.full((16, 16, 4), 255, np.uint8))
        box = np.array([[2, 2, 14, 14]], np.float32)
        pictures.append(LabelledPicture(tmp_path / name, box, np.zeros(1, bool)))
    write_labels(tmp_path / "labels.json", pictures)
    assert [c.facing for c in load_cutouts(tmp_path / "labels.json")] == [-1, 0, 1]
