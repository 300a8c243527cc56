"""What tracking benchmarks measure."""

from __future__ import annotations

import numpy as np
import pytest
from edgereg_training.tracking.measures import measure_boxes

TRUE = np.array([[0, 0, 10, 20]] * 5, float)


def test_perfect_boxes() -> None:
    found = measure_boxes("a", TRUE, TRUE, np.ones(5, bool))
    assert len(found.overlaps) == 4
    # An overlap of 1 is not over the last threshold, which is 1.
    assert found.auc == pytest.approx(20 / 21)
    assert found.overlap_precision(0.75) == 1.0
    assert found.norm_precision == 1.0


def test_shifted_boxes() -> None:
    # Half the width to the right: IoU 1/3, normalised distance 0.5.
    found = measure_boxes("a", TRUE + np.array([5, 0, 5, 0]), TRUE, np.ones(5, bool))
    np.testing.assert_allclose(found.overlaps, 1 / 3)
    np.testing.assert_allclose(found.distances, 0.5)
    assert found.overlap_precision(0.5) == 0.0
    assert found.auc == pytest.approx(7 / 21)
    assert found.norm_precision == pytest.approx(1 / 51)


def test_frames_without_the_object_do_not_count() -> None:
    boxes = TRUE.copy()
    boxes[2:] += 100
    counts = np.array([True, True, False, False, False])
    assert measure_boxes("a", boxes, TRUE, counts).overlaps.tolist() == [1.0]


def test_nothing_to_compare_with() -> None:
    with pytest.raises(ValueError, match="no frame but the first"):
        measure_boxes("a", TRUE, TRUE, np.eye(5, dtype=bool)[0])
