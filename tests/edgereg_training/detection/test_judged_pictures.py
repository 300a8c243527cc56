"""Judging detections in labelled pictures."""

from __future__ import annotations

import numpy as np
from edgereg_training.detection.pictures import judged

HEADS = np.array([[0, 0, 10, 10], [50, 50, 90, 90]], np.float32)
ALL = np.zeros(2, bool)


def _judge(boxes: list[list[float]], ignored: np.ndarray = ALL) -> tuple[list[bool], int]:
    array = np.array(boxes, np.float32).reshape(-1, 4)
    scores = np.linspace(0.9, 0.5, len(array))
    result = judged(array, scores, HEADS, ignored, 100.0)
    return result.found.tolist(), len(result.false)


def test_each_head_is_found_once() -> None:
    twice = [[50, 50, 90, 90], [51, 51, 91, 91]]
    assert _judge(twice) == ([False, True], 1)


def test_too_little_overlap_is_a_miss_and_a_false_alarm() -> None:
    assert _judge([[5, 5, 15, 15]]) == ([False, False], 1)


def test_what_is_not_judged_counts_neither_way() -> None:
    assert _judge([[60, 60, 70, 70]], np.array([False, True])) == ([False], 0)


def test_sizes_are_shares_of_the_longer_side() -> None:
    result = judged(np.zeros((0, 4)), np.zeros(0), HEADS, ALL, 100.0)
    np.testing.assert_allclose(result.sizes, [0.1, 0.4])
