"""Rendered motion: boxes are exact, what is hidden is said, the same number is the same scene."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from edgereg_training.loop.errors import TrainingError
from edgereg_training.tracking.bodies import figure_parts, vehicle_parts
from edgereg_training.tracking.datasets import load_sequences
from edgereg_training.tracking.motion import Wave, random_wave
from edgereg_training.tracking.rendered import MotionOptions, write_sequences
from edgereg_training.tracking.scenes import MovingObject, MovingScene, random_scene, shoot
from edgereg_training.tracking.sprites import SIDE, Material, random_sprite


def still(*values: float) -> Wave:
    centre = np.array(values, float)
    zero = np.zeros((1, len(values)))
    return Wave(centre, zero, zero, zero)


def square(x: float, y: float, side: float, colour: tuple[int, int, int]) -> MovingObject:
    sprite = np.full((40, 40, 4), 255, np.uint8)
    sprite[..., :3] = colour
    return MovingObject(sprite, still(x, y), still(np.log(side), 0, 0), still(*[0.0] * 32),
                        still(0, 0, 0))  # fmt: skip


def scene(*things: MovingObject, followed: int = 0) -> MovingScene:
    background = np.full((120, 160, 3), 40, np.uint8)
    return MovingScene((160, 120), background, still(80, 60, 0), things, followed, 0, 0, 95)


def test_the_box_is_that_of_the_pixels() -> None:
    shot = shoot(scene(square(70, 50, 30, (250, 20, 20))), 0, np.random.default_rng(0))
    np.testing.assert_allclose(shot.box, [55, 35, 85, 65], atol=1)
    assert shot.visible == pytest.approx(1.0, abs=0.02)
    red = shot.image[..., 0].astype(int) > 145
    ys, xs = np.nonzero(red)
    np.testing.assert_allclose([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1], shot.box, atol=2)


def test_what_is_in_front_hides_and_the_edge_cuts() -> None:
    behind, front = square(70, 50, 30, (250, 0, 0)), square(85, 50, 30, (0, 0, 250))
    rng = np.random.default_rng(0)
    hidden = shoot(scene(behind, front), 0, rng)
    assert hidden.visible == pytest.approx(0.5, abs=0.05)
    np.testing.assert_allclose(hidden.box, [55, 35, 85, 65], atol=1)
    assert shoot(scene(behind, front, followed=1), 0, rng).visible == pytest.approx(1, abs=0.02)
    cut = shoot(scene(square(0, 50, 30, (250, 0, 0))), 0, rng)
    np.testing.assert_allclose(cut.box, [0, 35, 15, 65], atol=1)
    assert cut.visible == pytest.approx(0.5, abs=0.05)
    gone = shoot(scene(square(-50, 50, 30, (250, 0, 0))), 0, rng)
    assert gone.visible == 0


def test_a_wave_keeps_to_its_reach() -> None:
    rng = np.random.default_rng(1)
    wave = random_wave(rng, [10, -5], [3, 1], (20, 60))
    values = np.array([wave.at(t) for t in range(200)])
    assert np.abs(values - [10, -5]).max(axis=0)[0] <= 3 + 1e-9
    assert np.abs(values - [10, -5]).max(axis=0)[1] <= 1 + 1e-9
    assert values.std(axis=0).min() > 0.05


def test_sprites_fill_their_picture() -> None:
    rng = np.random.default_rng(2)
    photograph = rng.integers(0, 255, (90, 120, 3)).astype(np.uint8)
    photograph[30:60, 40:80] = (200, 30, 30)
    material = Material([cv2.GaussianBlur(photograph, (0, 0), 2)])
    for _ in range(24):
        sprite = random_sprite(material, rng)
        assert sprite.shape[2] == 4
        assert 16 <= min(sprite.shape[:2]) <= max(sprite.shape[:2]) <= SIDE
        alpha = sprite[..., 3] > 127
        assert alpha.any(axis=0)[[0, -1]].any()
        assert alpha.any(axis=1)[[0, -1]].any()


def test_bodies_lie_inside_the_sprite() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        for part in (*figure_parts(rng), *vehicle_parts(rng)):
            assert part.outline.shape[1] == 2
            assert np.isfinite(part.outline).all()
            assert (part.outline > -0.3).all()
            assert (part.outline < 1.3).all()


def test_scenes_of_one_seed_are_one() -> None:
    rng = np.random.default_rng(4)
    sprites = [np.full((20, 30, 4), 200, np.uint8)]
    backgrounds = [rng.integers(0, 255, (60, 80, 3)).astype(np.uint8)]

    def picture() -> np.ndarray:
        own = np.random.default_rng(5)
        made = random_scene(sprites, backgrounds, (96, 64), own)
        return shoot(replace(made, exposure=0.8), 7, own).image

    np.testing.assert_array_equal(picture(), picture())


OPTIONS = {"sequences": 2, "frames": 3, "stride": 5, "width": 128, "height": 96, "sprites": 3}


def test_sequences_are_read_as_got10k_and_completed(tmp_path: Path) -> None:
    options = MotionOptions(tmp_path / "a", **OPTIONS)
    write_sequences(options, lambda done, total: None)
    items = load_sequences(options.out)
    assert [len(item.frames) for item in items] == [3, 3]
    assert all(item.present[0] for item in items)
    (options.out / "rendered-000001" / "groundtruth.txt").unlink()
    write_sequences(options, lambda done, total: None)
    again = load_sequences(options.out)
    np.testing.assert_array_equal(again[1].boxes, items[1].boxes)
    assert (options.out / "list.txt").read_text().split() == [item.name for item in items]


def test_splits_share_no_photograph(tmp_path: Path) -> None:
    folder = tmp_path / "photographs"
    folder.mkdir()
    options = MotionOptions(tmp_path / "b", photographs=(folder,), split="val", **OPTIONS)
    with pytest.raises(TrainingError, match="no pictures"):
        write_sequences(options, lambda done, total: None)
    for number in range(4):
        cv2.imwrite(str(folder / f"{number}.png"), np.zeros((64, 64, 3), np.uint8))
    # Each fifth is kept for validation, and of four there is none.
    with pytest.raises(TrainingError, match="no pictures"):
        write_sequences(options, lambda done, total: None)
