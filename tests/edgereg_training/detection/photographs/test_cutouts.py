"""People cut from a plain background."""

from __future__ import annotations

import cv2
import numpy as np
from edgereg_training.detection.photographs.cutouts import coverage_on_plain, head_of_outline


def _portrait() -> np.ndarray:
    """A dark head on shoulders before a wall that gets darker to the right."""
    wall = np.linspace(220, 190, 200)[None, :, None]
    image = np.broadcast_to(wall, (200, 200, 3)).astype(np.uint8).copy()
    cv2.ellipse(image, (100, 80), (30, 40), 0, 0, 360, (90, 60, 50), -1)
    cv2.rectangle(image, (88, 100), (112, 160), (90, 60, 50), -1)
    cv2.ellipse(image, (100, 200), (70, 50), 0, 0, 360, (40, 40, 160), -1)
    return image


def test_the_person_is_covered_and_the_wall_is_not() -> None:
    coverage = coverage_on_plain(_portrait())
    assert coverage[80, 100] == 255
    assert coverage[195, 100] == 255
    assert coverage[:30].max() == 0
    assert coverage[100, 190] == 0


def test_the_head_ends_at_crown_chin_and_ears() -> None:
    coverage = coverage_on_plain(_portrait())
    box = head_of_outline(coverage, chin=120.0, facing=0, aspect=(0.92, 1.0))
    np.testing.assert_allclose(box, [70, 40, 131, 120], atol=2.5)


def test_a_tail_behind_a_profile_is_no_head() -> None:
    image = _portrait()
    cv2.ellipse(image, (150, 70), (35, 15), 0, 0, 360, (90, 60, 50), -1)
    box = head_of_outline(coverage_on_plain(image), chin=120.0, facing=-1, aspect=(0.92, 1.0))
    np.testing.assert_allclose(box, [70, 40, 150, 120], atol=3)
