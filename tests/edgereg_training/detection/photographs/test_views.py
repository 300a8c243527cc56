"""Training views of labelled photographs."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from edgereg_training.detection.photographs.views import cut_view, tiled, view_of, whole_view
from edgereg_training.detection.scene import Scene, scene_of


@pytest.fixture
def portrait() -> Scene:
    """A white disc, the head, in a grey picture."""
    image = np.full((90, 120, 3), 100, np.uint8)
    cv2.circle(image, (60, 40), 25, (255, 255, 255), -1)
    return scene_of(image, np.array([[35, 15, 86, 66]], np.float32))


@pytest.mark.parametrize("share", [0.1, 0.4, 0.8])
def test_the_head_fills_its_share_and_the_box_bounds_it(portrait: Scene, share: float) -> None:
    for seed in range(4):
        view = view_of(portrait, 128, share, np.random.default_rng(seed))
        sides = view.boxes[0, 2:] - view.boxes[0, :2]
        assert sides.max() == pytest.approx(128 * share, rel=0.05)
        rows, columns = np.nonzero(view.image[..., 0] > 180)
        seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        np.testing.assert_allclose(np.clip(view.boxes[0], 0, 128), seen, atol=3)


def test_a_whole_view_is_a_letterbox(portrait: Scene) -> None:
    view = whole_view(portrait, 96, np.random.default_rng(0))
    assert view.image.shape == (96, 96, 3)
    assert (view.image[-1] == 114).all()  # the padding below
    assert view.boxes[0, 2] < 96


def test_tiles_hold_a_head_each(portrait: Scene) -> None:
    view = tiled(lambda: portrait, 128, np.random.default_rng(1))
    assert view.image.shape == (128, 128, 3)
    assert len(view.boxes) in {4, 9, 16, 25, 36, 64}


def test_a_cut_head_s_box_ends_where_the_picture_does(portrait: Scene) -> None:
    sides = set()
    for seed in range(24):
        view = cut_view(portrait, 128, np.random.default_rng(seed))
        rows, columns = np.nonzero((view.image > 235).all(-1))
        seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        # The disc is white and the padding grey; a chord may end before the disc's widest place.
        box = view.boxes[0]
        assert (box[:2] <= np.array(seen[:2]) + 3).all()
        assert (box[2:] >= np.array(seen[2:]) - 3).all()
        shape = (box[3] - box[1]) / (box[2] - box[0])
        sides.add("across" if shape > 1.15 else "along" if shape < 0.87 else "neither")
    assert {"across", "along"} <= sides
