"""Suppression by class, led by scores or by an energy."""

from __future__ import annotations

import numpy as np
from edgereg_detection.suppression import suppress
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edgereg.api import nms

BOXES = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60], [0, 1, 10, 11]], np.float32)
SCORES = np.array([0.9, 0.8, 0.3, 0.7], np.float32)


def test_classes_do_not_suppress_each_other() -> None:
    kept, scores = suppress(BOXES, SCORES, SCORES, np.array([0, 0, 0, 1]), 0.5)
    assert kept.tolist() == [0, 3, 2]
    np.testing.assert_array_equal(scores, SCORES[kept])


def test_the_energy_leads_and_the_survivor_takes_the_best_score() -> None:
    energy = np.array([-5.0, 3.0, -1.0, 0.0])
    kept, scores = suppress(BOXES, energy, SCORES, np.zeros(4, np.int64), 0.5)
    assert kept.tolist() == [1, 2]
    assert scores.tolist() == [np.float32(0.9), np.float32(0.3)]


def test_without_overlap_to_go_by_all_are_kept_best_first() -> None:
    kept, _ = suppress(BOXES[[0, 0, 1]], SCORES[:3], SCORES[:3], np.zeros(3, np.int64), 1.0)
    assert kept.tolist() == [0, 1, 2]


def test_nothing_is_nothing() -> None:
    none = np.zeros(0, np.float32)
    kept, scores = suppress(np.zeros((0, 4), np.float32), none, none, none.astype(np.int64), 0.5)
    assert len(kept) == len(scores) == 0


@given(arrays(np.float32, (9, 2), elements=st.floats(0, 90, width=32)), st.integers(0, 2**31))
def test_of_one_class_it_is_plain_suppression(corners: np.ndarray, seed: int) -> None:
    boxes = np.concatenate([corners, corners + 20], 1)
    scores = np.random.default_rng(seed).random(9).astype(np.float32)
    kept, _ = suppress(boxes, scores, scores, np.zeros(9, np.int64), 0.4)
    np.testing.assert_array_equal(kept, nms(boxes, scores, 0.4))
