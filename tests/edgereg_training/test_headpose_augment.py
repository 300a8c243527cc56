"""Augmentation: labels follow the geometry, pictures stay pictures."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from edgereg_training import headpose_augment as augment

from edgereg.geometry import axis_tips, square_crops

STILL = augment.Augmentation(shift=0, zoom=0, turn=0)
FAULTS = (
    augment.shade,
    augment.recolour,
    augment.blur,
    augment.lower_resolution,
    augment.add_noise,
    augment.dither,
    augment.compress,
)


class Fixed:
    """A generator whose draws are chosen: `uniform` for random(), `normal` for normal()."""

    def __init__(self, uniform: list[float], normal: float) -> None:
        self.uniform, self.value = list(uniform), normal

    def random(self) -> float:
        return self.uniform.pop(0)

    def normal(self, mean: float, deviation: float, count: int | None = None) -> Any:
        value = mean + deviation * self.value
        return value if count is None else np.full(count, value)


def arrow(pose: Any, size: int = 200) -> Any:
    """A picture with a white dot at the tip of the axis to image right and a dim one down."""
    image = np.zeros((size, size, 3), np.uint8)
    right, down, _ = axis_tips(pose, [size / 2, size / 2], size * 0.3)[0]
    cv2.circle(image, [int(v) for v in right], 5, (255, 0, 0), -1)
    cv2.circle(image, [int(v) for v in down], 5, (0, 255, 0), -1)
    return image


def dots(image: Any) -> Any:
    found = []
    for channel in (0, 1):
        rows, columns = np.nonzero(image[..., channel] > 128)
        found.append((columns.mean() + 0.5, rows.mean() + 0.5))
    return np.array(found)


@pytest.mark.parametrize("turn", [0.0, 15.0, -20.0])
@pytest.mark.parametrize("pose", [(0, 0, 0), (30, -20, 10), (-50, 25, -30)])
def test_a_turned_crop_shows_the_pose_it_is_labelled_with(pose: Any, turn: float) -> None:
    box = np.array([0, 0, 200, 200], np.float32)
    settings = augment.Augmentation(shift=0, zoom=0, turn=1.0)
    rng: Any = Fixed([0.0, 0.9, 0.9], turn)
    crop, shown = augment.jittered_crop(arrow(pose), box, np.array(pose), 64, 1.0, settings, rng)
    assert shown.tolist() == pytest.approx([pose[0], pose[1], pose[2] + turn])
    expected = axis_tips(shown, [32, 32], 64 * 0.3)[0][:2]
    assert np.allclose(dots(crop), expected, atol=1.2)


def test_a_mirrored_crop_negates_yaw_and_roll() -> None:
    pose = np.array([30.0, -20.0, 10.0])
    box = np.array([0, 0, 200, 200], np.float32)
    rng: Any = Fixed([0.9, 0.1, 0.9], 0)
    crop, shown = augment.jittered_crop(arrow(pose), box, pose, 64, 1.0, STILL, rng)
    assert shown.tolist() == [-30, -20, -10]
    # The axis to image right becomes the one to image left.
    expected = axis_tips(shown, [32, 32], 64 * 0.3)[0][:2]
    expected[0] = 64 - expected[0]
    assert np.allclose(dots(crop), expected, atol=1.2)


def test_without_jitter_the_crop_is_the_runtime_s() -> None:
    rng = np.random.default_rng(0)
    image = cv2.GaussianBlur(rng.integers(0, 256, (96, 96, 3)).astype(np.uint8), (0, 0), 3)
    box = np.array([20, 15, 70, 75], np.float32)
    fixed: Any = Fixed([0.9, 0.9, 0.1], 0)
    crop, _ = augment.jittered_crop(image, box, np.zeros(3), 64, 1.2, STILL, fixed)
    wanted = square_crops(image, box[None], 64, 1.2)[0][0]
    assert np.abs(crop.astype(int) - wanted).max() <= 1


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.__name__)
def test_faults_keep_shape_and_type_and_most_of_the_picture(fault: Any) -> None:
    base = np.zeros((64, 64, 3), np.uint8)
    base[:, 32:] = 200
    for seed in range(20):
        changed = fault(base, np.random.default_rng(seed))
        assert changed.shape == base.shape
        assert changed.dtype == np.uint8
        assert changed[:, 40:].mean() > changed[:, :24].mean()


def test_all_faults_together_are_reproducible() -> None:
    rng = np.random.default_rng(3)
    crop, other = rng.integers(0, 256, (2, 64, 64, 3)).astype(np.uint8)
    first, second = (
        [augment.degrade(crop, other, 1.0, np.random.default_rng(s)) for s in range(10)]
        for _ in range(2)
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_no_strength_no_change() -> None:
    crop = np.full((32, 32, 3), 90, np.uint8)
    assert augment.degrade(crop, crop, 0.0, np.random.default_rng(1)) is crop
