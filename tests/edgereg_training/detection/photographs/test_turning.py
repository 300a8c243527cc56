"""Boxes of turned heads, and the pictures that go with them."""

from __future__ import annotations

import cv2
import numpy as np
from edgereg_training.detection.photographs.turning import similarity, turned, turned_boxes
from edgereg_training.detection.scene import scene_of


def test_a_quarter_turn_swaps_the_sides_of_a_box() -> None:
    box = np.array([[10, 20, 30, 60]], np.float32)
    matrix = similarity((20, 40), 90, 2.0, (100, 100))
    np.testing.assert_allclose(turned_boxes(box, matrix), [[60, 80, 140, 120]], atol=1e-4)


def test_the_box_follows_a_disc_in_the_picture() -> None:
    image = np.zeros((101, 161, 3), np.uint8)
    cv2.circle(image, (110, 45), 12, (255, 255, 255), -1)
    scene = scene_of(image, np.array([[98, 33, 123, 58]], np.float32))
    found = turned(scene, 37.0, cv2.BORDER_CONSTANT)
    rows, columns = np.nonzero(found.image[..., 0] > 127)
    seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    np.testing.assert_allclose(found.boxes[0], seen, atol=1.5)
