"""Driving as a training problem: data in and out, balance, units, side cameras."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from edgereg_training.driving.drives import load_drives
from edgereg_training.driving.evaluation import in_unit
from edgereg_training.driving.frames import balanced
from edgereg_training.driving.problem import DrivingOptions, corrected, problem, with_data
from edgereg_training.driving.tubs import write_tub
from edgereg_training.loop.errors import RecipeError, TrainingError
from edgereg_training.loop.recipe import Recipe

COUNT = 240


def tub(folder: Path) -> Path:
    """A drive in which the brightness of the lower half is the steering."""
    angles = np.sin(np.arange(COUNT) / 9).round(2)

    def view(angle: float) -> np.ndarray:
        image = np.zeros((24, 32, 3), np.uint8)
        image[12:] = round(127 * (1 + angle))
        return image

    for _ in write_tub(folder, COUNT, ((view(angle), float(angle)) for angle in angles)):
        pass
    return folder


def recipe(**options: object) -> Recipe:
    usual = {
        "drives": ["tub"], "size": 16, "top": 0.5, "margin": 0.0, "backbone": {"name": "edge-xs"},
        "method": {"name": "bel", "levels": 20},
    }  # fmt: skip
    return Recipe(problem="driving", epochs=1, batch_size=16, options={**usual, **options})


def test_pictures_show_the_band_and_carry_the_steering(tmp_path: Path) -> None:
    made = problem(recipe(drives=[str(tub(tmp_path))], mirrored=False, balance=None))
    some = made.data.plain(np.arange(10))
    assert some.images.shape == (10, 16, 16, 3)
    shown = some.images.mean((1, 2, 3)) / 127 - 1
    np.testing.assert_allclose(shown, some.targets[:, 0], atol=0.05)
    assert made.target.name == "driving"
    assert len(made.validation) == pytest.approx(0.15 * COUNT, abs=10)


def test_mirrored_pictures_have_the_opposite_steering(tmp_path: Path) -> None:
    made = problem(recipe(drives=[str(tub(tmp_path))]))
    rng = np.random.default_rng(0)
    chosen = np.full(64, 30)
    seen = made.data.augmented(chosen, rng).targets[:, 0]
    truth = made.data.plain(chosen[:1]).targets[0, 0]
    assert set(np.sign(seen)) == {-1, 1}
    np.testing.assert_allclose(np.abs(seen), abs(truth))


def test_driving_straight_is_thinned_out() -> None:
    rng = np.random.default_rng(1)
    steering = np.concatenate([np.zeros(400), rng.uniform(-1, 1, 600)]).astype(np.float32)
    chances = balanced(steering, 16)
    assert chances[:400].max() < 0.3 * np.median(chances[400:])
    drawn = rng.choice(1000, 4000, p=chances / chances.sum())
    assert (drawn < 400).mean() < 0.15


def test_a_drive_that_only_goes_straight_is_drawn_evenly() -> None:
    np.testing.assert_array_equal(balanced(np.zeros(5, np.float32), 8), np.ones(5))


def test_side_cameras_are_steered_back_to_the_middle(tmp_path: Path) -> None:
    rows = "\n".join(f"c{i}.jpg,l{i}.jpg,r{i}.jpg,0.1,0,0,0" for i in range(3))
    (tmp_path / "driving_log.csv").write_text(rows + "\n")
    (drive,) = load_drives(tmp_path)
    options = DrivingOptions(drives=(tmp_path,), side_correction=0.2, backbone={}, method={})
    np.testing.assert_allclose(corrected(drive, options).steering[:3], [0.1, 0.3, -0.1])


def test_data_in_degrees_set_unit_and_range(tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_text("".join(f"{i}.jpg {i - 57}.5\n" for i in range(100)))
    given = with_data(recipe(training_data="a tub"), [tmp_path]).options
    assert (given["unit"], given["limit"]) == ("degree", 60.0)
    assert (given["drives"], given["training_data"]) == ([str(tmp_path)], "")
    with pytest.raises(TrainingError, match=r"in degrees \(up to 58\)"):
        _ = problem(recipe(drives=[str(tmp_path)])).validation


def test_shares_meet_a_model_of_degrees(tmp_path: Path) -> None:
    (drive,) = load_drives(tub(tmp_path))
    assert in_unit(drive, "degree", 25.0).steering.max() == pytest.approx(25 * drive.steering.max())


def test_a_picture_that_is_missing_is_named(tmp_path: Path) -> None:
    folder = tub(tmp_path)
    (folder / "images" / "7_cam_image_array_.jpg").unlink()
    with pytest.raises(TrainingError, match="7_cam_image_array_"):
        problem(recipe(drives=[str(folder)])).data.plain(np.arange(2))


def test_unknown_keys_are_named() -> None:
    with pytest.raises(RecipeError, match=r"unknown key 'options.tubs'"):
        problem(recipe(tubs=["x"]))


def test_tubs_of_donkeycars_own_layout_can_be_read_back(tmp_path: Path) -> None:
    folder = tub(tmp_path)
    about = json.loads((folder / "catalog_0.catalog_manifest").read_text())
    text = (folder / "catalog_0.catalog").read_text()
    assert sum(about["line_lengths"]) == len(text)
    image = cv2.imread(str(folder / "images" / "0_cam_image_array_.jpg"))
    assert image.shape == (24, 32, 3)
