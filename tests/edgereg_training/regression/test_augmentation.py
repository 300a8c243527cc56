"""The strong augmentation: labels follow the geometry, for every target."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from edgereg_training.loop.errors import RecipeError
from edgereg_training.regression.augmentation import (
    Crops,
    StrongAugmentation,
    jittered_view,
    parse_augmentation,
    sampled_crop,
    strong_augmentation,
)
from edgereg_training.regression.data import Pictures
from edgereg_training.regression.points import mirror_order
from edgereg_training.regression.target import TrainingTarget, target_of
from edgereg_training.regression.view import View, warp_of

from edgereg.core.geometry import axis_tips, square_crops

POSE = target_of("headpose", 64)
WHOLE = View(np.array([100.0, 100.0]), 200)


def seen(target: TrainingTarget, values: Any, view: View) -> Any:
    """The numbers [D] of one picture as a crop of 64 px shows them."""
    return target.geometry.warped(values[None], warp_of([view], 64))[0]


def arrow(pose: Any, size: int = 200) -> Any:
    """A picture with a red dot at the tip of the axis to image right and a green one down."""
    image = np.zeros((size, size, 3), np.uint8)
    right, down, _ = axis_tips(pose, [size / 2, size / 2], size * 0.3)[0]
    cv2.circle(image, [int(v) for v in right], 5, (255, 0, 0), -1)
    cv2.circle(image, [int(v) for v in down], 5, (0, 255, 0), -1)
    return image


def dots(image: Any) -> Any:
    """Where the red and the green dot are."""
    found = []
    for channel in (0, 1):
        rows, columns = np.nonzero(image[..., channel] > 128)
        found.append((columns.mean() + 0.5, rows.mean() + 0.5))
    return np.array(found)


@pytest.mark.parametrize("turn", [0.0, 15.0, -20.0])
@pytest.mark.parametrize("pose", [(0, 0, 0), (30, -20, 10), (-50, 25, -30)])
def test_a_turned_crop_shows_the_pose_it_is_labelled_with(pose: Any, turn: float) -> None:
    view = replace(WHOLE, turn=turn)
    shown = seen(POSE, np.array(pose, np.float32), view)
    assert shown.tolist() == pytest.approx([pose[0], pose[1], pose[2] + turn])
    expected = axis_tips(shown, [32, 32], 64 * 0.3)[0][:2]
    assert np.allclose(dots(view.crop(arrow(pose), 64)), expected, atol=1.2)


def test_a_mirrored_crop_negates_yaw_and_roll() -> None:
    pose = np.array([30.0, -20.0, 10.0], np.float32)
    view = replace(WHOLE, mirrored=True)
    shown = seen(POSE, pose, view)
    assert shown.tolist() == [-30, -20, -10]
    # The axis to image right becomes the one to image left.
    expected = axis_tips(shown, [32, 32], 64 * 0.3)[0][:2]
    expected[0] = 64 - expected[0]
    assert np.allclose(dots(view.crop(arrow(pose), 64)), expected, atol=1.2)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("turn", [0.0, 20.0])
def test_landmarks_stay_on_what_they_mark(mirrored: bool, turn: float) -> None:
    target = target_of("landmarks", 64)
    picture = np.random.default_rng(0).uniform(60, 140, (68, 2)).astype(np.float32)
    view = View(np.array([92.0, 107.0]), 150, turn, mirrored)
    shown = seen(target, picture.reshape(-1), view).reshape(68, 2)
    for point in (3, 30, 36):
        image = np.zeros((200, 200, 3), np.uint8)
        x, y = picture[point]
        cv2.circle(image, [int(x), int(y)], 4, (255, 255, 255), -1)
        place = mirror_order(68)[point] if mirrored else point
        assert np.allclose(dots(view.crop(image, 64))[0], shown[place], atol=1)


def test_age_does_not_change() -> None:
    age = np.array([41.0], np.float32)
    assert seen(target_of("age", 64), age, replace(WHOLE, turn=9, mirrored=True)) == age


def test_without_jitter_the_crop_is_the_runtime_s() -> None:
    rng = np.random.default_rng(0)
    image = cv2.GaussianBlur(rng.integers(0, 256, (96, 96, 3)).astype(np.uint8), (0, 0), 3)
    box = np.array([20, 15, 70, 75], np.float32)
    wanted = square_crops(image, box[None], 64, 1.2)[0][0]
    still = StrongAugmentation(shift=0, zoom=0, turn=0)
    view = replace(jittered_view(box, 1.2, still, rng), mirrored=False)
    crops = [sampled_crop(image, view, 64, rng).astype(int) for _ in range(8)]
    differences = {int(np.abs(crop - wanted).max()) for crop in crops}
    # Averaged over areas as the runtime does, or interpolated.
    assert len(differences) == 2
    assert min(differences) <= 1
    assert max(differences) <= 6


def test_views_vary_as_asked() -> None:
    box = np.array([10.0, 20.0, 50.0, 80.0])
    rng = np.random.default_rng(1)
    views = [jittered_view(box, 1.2, StrongAugmentation(), rng) for _ in range(400)]
    centres = np.stack([view.centre for view in views])
    assert np.allclose(centres.mean(axis=0), [30, 50], atol=0.6)
    assert np.allclose(centres.std(axis=0), 0.05 * 60, atol=0.4)
    assert np.median([view.side for view in views]) == pytest.approx(72, rel=0.03)
    assert 0.4 < np.mean([view.mirrored for view in views]) < 0.6
    turns = np.array([view.turn for view in views])
    assert 0.4 < (turns == 0).mean() < 0.6
    assert np.abs(turns).max() <= 25


def test_a_batch_depends_on_the_generator_only() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (6, 48, 48, 3)).astype(np.uint8)
    boxes = np.tile(np.array([8, 8, 40, 40], np.float32), (6, 1))
    batch = Pictures(images, boxes, rng.normal(0, 20, (6, 3)).astype(np.float32))
    crops = Crops((), POSE, 32, 1.2)
    first, again, other = (
        strong_augmentation(batch, crops, StrongAugmentation(), np.random.default_rng(s))
        for s in (5, 5, 6)
    )
    assert first.images.shape == (6, 32, 32, 3)
    assert np.array_equal(first.images, again.images)
    assert np.array_equal(first.targets, again.targets)
    assert not np.array_equal(first.images, other.images)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"name": "medium"},
            r"unknown augmentation 'medium' .*\(known: light, shift, strong",
        ),
        ({"strength": 0.5}, "unknown augmentation 'None'"),
        ({"name": "strong", "turns": 3}, "augmentation 'strong': 'turns'"),
        ({"name": "light", "margin": 0.5}, "augmentation 'light': 'margin'"),
    ],
)
def test_wrong_settings_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        parse_augmentation(options)
