"""Crops keep labels on what they label."""

from __future__ import annotations

import numpy as np
import pytest
from edgereg_training.detection.crops import (
    CropSettings,
    bounded,
    flipped,
    mosaic,
    random_crop,
    random_view,
)
from edgereg_training.detection.scene import Scene, scene_of

SETTINGS = CropSettings()
RED = np.array([255, 0, 0])


def _scene() -> Scene:
    """One red head on black."""
    image = np.zeros((120, 160, 3), np.uint8)
    image[30:80, 60:100] = RED
    return scene_of(image, np.array([[60, 30, 100, 80]]))


def _red_box(image: np.ndarray) -> np.ndarray:
    red = (image[..., 0] > 127) & (image[..., 1] < 60)
    rows, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], float)


@pytest.mark.parametrize("seed", range(30))
def test_the_box_stays_on_the_head(seed: int) -> None:
    rng = np.random.default_rng(seed)
    backdrop = np.full((200, 200, 3), 90, np.uint8)
    view = random_crop(_scene(), 128, CropSettings(smallest=20), rng, backdrop)
    assert view.image.shape == (128, 128, 3)
    assert len(view.boxes) == 1
    if not view.ignored[0]:
        replicated_border = 1.6
        inside = (view.boxes[0] > 2) & (view.boxes[0] < 126)
        difference = np.abs(_red_box(view.image) - view.boxes[0])
        assert difference[inside].max(initial=0) <= replicated_border


def test_the_same_seed_gives_the_same_view() -> None:
    views = [
        random_view(_scene, _backdrop, 128, SETTINGS, np.random.default_rng(5)) for _ in range(2)
    ]
    assert (views[0].image == views[1].image).all()
    np.testing.assert_array_equal(views[0].boxes, views[1].boxes)


def _backdrop() -> np.ndarray:
    return np.full((160, 160, 3), 30, np.uint8)


def test_a_scene_without_heads_can_be_cropped() -> None:
    view = random_crop(scene_of(_scene().image), 64, SETTINGS, np.random.default_rng(0))
    assert view.image.shape == (64, 64, 3)
    assert len(view.boxes) == 0


def test_flipping_twice_changes_nothing() -> None:
    once = flipped(_scene())
    np.testing.assert_allclose(_red_box(once.image), once.boxes[0])
    np.testing.assert_allclose(flipped(once).boxes, _scene().boxes)


def test_a_mosaic_moves_boxes_with_their_tiles() -> None:
    tile = scene_of(np.zeros((50, 50, 3), np.uint8), np.array([[5, 6, 20, 30]]))
    joined = mosaic([tile] * 4)
    assert joined.image.shape == (100, 100, 3)
    expected = [[5, 6, 20, 30], [55, 6, 70, 30], [5, 56, 20, 80], [55, 56, 70, 80]]
    np.testing.assert_allclose(joined.boxes, expected)


def test_boxes_outside_are_dropped_and_remnants_ignored() -> None:
    boxes = np.array([[10, 10, 40, 40], [-25, 10, 10, 40], [200, 0, 220, 20], [50, 50, 55, 54]])
    clipped = bounded(scene_of(np.zeros((100, 100, 3), np.uint8), boxes), SETTINGS)
    np.testing.assert_allclose(clipped.boxes, [[10, 10, 40, 40], [0, 10, 10, 40], [50, 50, 55, 54]])
    assert clipped.ignored.tolist() == [False, True, True]
