"""What a model's settings ask of the scores of small and large boxes."""

from __future__ import annotations

import numpy as np

from edgereg.core.scores import asked_scores

BOXES = np.array([[0, 0, 20, 40], [30, 0, 50, 32], [0, 0, 9, 5]], np.float32)


def test_a_large_box_is_asked_a_score_of_its_own() -> None:
    settings = {"score_threshold": 0.4, "large_score_threshold": 0.7, "large_height": 0.5}
    assert asked_scores(BOXES, 64, settings, 0.1).tolist() == [0.7, 0.4, 0.4]


def test_without_settings_all_are_asked_the_same() -> None:
    assert asked_scores(BOXES, 64, {}, 0.1).tolist() == [0.1] * 3
    assert asked_scores(BOXES, 64, {"score_threshold": 0.4}, 0.1).tolist() == [0.4] * 3
    large = {"score_threshold": 0.4, "large_height": 0.5}
    assert asked_scores(BOXES, 64, large, 0.1).tolist() == [0.4] * 3
