"""Errors of depth maps: root of the mean square over cells, delta 1, many, medium and few shots."""

from __future__ import annotations

import numpy as np
import pytest
from edgereg_training.depth.measures import by_shots, shots_of, sums

TRUTH = np.array([[[1, 2], [4, 0]], [[2, 2], [2, 2]]], np.float32)
TOLD = np.array([[[1, 3], [4, 9]], [[2, 2], [2, 4]]], np.float32)
EVERY = np.arange(2)


def test_unknown_cells_do_not_count() -> None:
    found = sums(TOLD, TRUTH, TRUTH > 0)
    assert found.cells.tolist() == [3, 4]
    # Errors of 1 m and 2 m in seven cells.
    assert found.rmse(EVERY) == pytest.approx((5 / 7) ** 0.5)
    assert found.mae(EVERY) == pytest.approx(3 / 7)
    assert found.delta1(EVERY) == pytest.approx(5 / 7)
    assert found.rmse(EVERY[:1]) == pytest.approx((1 / 3) ** 0.5)


def test_a_depth_told_too_small_counts_as_one_too_large() -> None:
    truth = np.full((1, 1, 2), 2, np.float32)
    assert sums(truth / 1.3, truth, truth > 0).delta1(EVERY[:1]) == 0
    assert sums(truth / 1.2, truth, truth > 0).delta1(EVERY[:1]) == 1


def test_shots_are_shares_of_bins_of_a_tenth_of_a_metre() -> None:
    depth = np.concatenate([np.full(960, 2.05), np.full(20, 3.05), np.full(5, 7.05), np.zeros(99)])
    shots = shots_of(depth.astype(np.float32))
    assert (shots[20], shots[30], shots[70], shots[50]) == (0, 1, 2, 2)


def test_kinds_that_do_not_occur_are_left_out() -> None:
    shots = np.full(100, 2)
    shots[20] = 0
    found = by_shots(TOLD, TRUTH, shots)
    assert sorted(found) == ["", "_few", "_many"]
    assert found["_many"].cells.tolist() == [1, 4]
    assert found[""].cells.sum() == found["_many"].cells.sum() + found["_few"].cells.sum()
