"""Changes of light, distractors and backdrops: reproducible, of one shape, harmless to labels."""

from __future__ import annotations

import numpy as np
import pytest
from edgereg_training.detection.backdrops import random_backdrop
from edgereg_training.detection.distractors import add_distractors
from edgereg_training.detection.photometric import distort
from edgereg_training.detection.scene import scene_of

PICTURE = np.random.default_rng(0).integers(0, 256, (96, 128, 3), dtype=np.uint8)


@pytest.mark.parametrize("seed", range(25))
def test_distortion_is_reproducible_and_keeps_the_shape(seed: int) -> None:
    pictures = [distort(PICTURE, np.random.default_rng(seed)) for _ in range(2)]
    assert pictures[0].shape == PICTURE.shape
    assert pictures[0].dtype == np.uint8
    np.testing.assert_array_equal(*pictures)


def test_distortion_leaves_its_input_alone() -> None:
    before = PICTURE.copy()
    for seed in range(10):
        distort(PICTURE, np.random.default_rng(seed))
    np.testing.assert_array_equal(PICTURE, before)


@pytest.mark.parametrize("seed", range(25))
def test_distractors_leave_most_of_a_head_or_have_it_ignored(seed: int) -> None:
    scene = scene_of(PICTURE.copy(), np.array([[40, 20, 80, 70]]))
    busy = add_distractors(scene, np.random.default_rng(seed), 6)
    np.testing.assert_array_equal(busy.boxes, scene.boxes)
    np.testing.assert_array_equal(scene.image, PICTURE)
    changed = (busy.image != PICTURE).any(axis=2)[20:70, 40:80]
    assert busy.ignored[0] or changed.mean() < 0.5


def test_distractors_change_something() -> None:
    scene = scene_of(PICTURE)
    busy = add_distractors(scene, np.random.default_rng(1), 6)
    assert (busy.image != PICTURE).any()


@pytest.mark.parametrize("seed", range(9))
def test_backdrops_are_reproducible_pictures(seed: int) -> None:
    pictures = [random_backdrop(100, 70, np.random.default_rng(seed)) for _ in range(2)]
    assert pictures[0].shape == (70, 100, 3)
    assert pictures[0].dtype == np.uint8
    assert pictures[0].std() > 1
    np.testing.assert_array_equal(*pictures)
