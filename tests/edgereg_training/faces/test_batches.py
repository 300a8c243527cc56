"""Crops of faces, and their labels under the same geometry."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from edgereg_training.faces.batches import augmented, framed_at_random, joined, plain, seen
from edgereg_training.faces.sets import FaceSet, Labels, without_top
from edgereg_training.regression.augmentation import StrongAugmentation
from edgereg_training.regression.view import View


def one_face() -> FaceSet:
    """A picture whose point 36 is a white dot at (60, 80), of yaw 20 .. 30 degrees, roll 5."""
    image = np.zeros((1, 200, 200, 3), np.uint8)
    image[0, 78:82, 58:62] = 255
    labels = Labels.unknown(1)
    labels.points[0] = 100
    labels.points[0, 36] = [60, 80]
    labels.pose[0] = [[20, 30], [3, 3], [5, 5]]
    labels.age[0] = [19.5, 29.5]
    return FaceSet("one", image, np.array([[40, 40, 140, 140]], np.float32), labels)


def test_a_mirrored_view_swaps_sides_and_signs() -> None:
    face = one_face()
    found = seen(face.labels, [View(np.array([90.0, 90.0]), 100.0, mirrored=True)], 50)
    assert found.pose[0].tolist() == [[-30, -20], [3, 3], [-5, -5]]
    # The right eye's corner is the left one's in the mirror.
    assert np.allclose(found.points[0, 45], [50 - 10, 20])
    assert found.age.tolist() == [[19.5, 29.5]]


def test_turning_the_picture_turns_roll() -> None:
    found = seen(one_face().labels, [View(np.array([90.0, 90.0]), 100.0, turn=10.0)], 50)
    assert found.pose[0, 2].tolist() == [15, 15]
    assert found.pose[0, 0].tolist() == [20, 30]


def test_points_stay_on_what_they_mark() -> None:
    rng = np.random.default_rng(1)
    how = StrongAugmentation(strength=0)
    for _ in range(20):
        crops = augmented(one_face(), 64, 1.2, how, rng)
        x, y = crops.labels.points[0][36 if crops.views[0].mirrored is False else 45]
        assert crops.images[0, int(y), int(x)].max() > 100


def test_plain_crops_are_those_of_the_box() -> None:
    face = without_top(one_face(), 0.2)
    assert face.boxes.tolist() == [[40, 60, 140, 140]]
    crops = plain(face, 50, 1.0)
    assert np.allclose(crops.labels.points[0, 36], [10, 15])
    assert crops.images[0, 15, 10].max() > 100


def test_batches_are_joined_in_order() -> None:
    crops = plain(one_face(), 50, 1.0)
    both = joined([crops, crops])
    assert len(both) == 2
    assert both.labels.pose.shape == (2, 3, 2)


def test_some_crops_lie_about_the_boxes_found() -> None:
    many = one_face().take(np.zeros(400, np.int64))
    rng = np.random.default_rng(0)
    assert framed_at_random(many, 0.6, rng) is many  # no detector was asked
    found = np.tile(np.array([[0, 40, 100, 120]], np.float32), (400, 1))
    framed = framed_at_random(replace(many, found=found), 0.6, rng)
    by_detector = (framed.boxes == found).all(1)
    assert 0.5 < by_detector.mean() < 0.7
    assert (framed.boxes[~by_detector] == many.boxes[0]).all()
    assert np.array_equal(framed.labels.points, many.labels.points)


def test_the_top_is_cut_off_boxes_found_too() -> None:
    face = replace(one_face(), found=np.array([[0, 0, 100, 120]], np.float32))
    lowered = without_top(face, 0.25)
    assert lowered.found is not None
    assert lowered.found.tolist() == [[0, 30, 100, 120]]
    assert lowered.framed().boxes.tolist() == [[0, 30, 100, 120]]
    assert lowered.take(np.array([0])).found is not None
