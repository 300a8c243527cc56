"""AP against a plain calculation and against COCO's own rules on toy data."""

from __future__ import annotations

import numpy as np
import pytest
from edgereg_training.detection.average_precision import (
    RECALLS,
    PictureResult,
    average_precision,
    match,
)


def _result(
    boxes: list[list[float]], scores: list[float], truth: list[list[float]], *ignored: int
) -> PictureResult:
    flags = np.isin(np.arange(len(truth)), ignored)
    as_boxes = [np.array(b, float).reshape(-1, 4) for b in (boxes, truth)]
    return PictureResult(as_boxes[0], np.array(scores), as_boxes[1], flags)


A, B, FAR = [0, 0, 10, 10], [20, 0, 30, 10], [50, 50, 60, 60]


def test_all_found_is_1_and_nothing_found_is_0() -> None:
    assert average_precision(match([_result([A, B], [0.9, 0.8], [A, B])], 0.5)) == 1
    assert average_precision(match([_result([FAR], [0.9], [A])], 0.5)) == 0
    assert average_precision(match([_result([], [], [A])], 0.5)) == 0


def test_no_heads_at_all_is_undefined() -> None:
    assert np.isnan(average_precision(match([_result([A], [0.5], [])], 0.5)))


def test_by_hand() -> None:
    """Hit, miss, hit of two heads: precision 1 up to recall 0.5, then 2/3."""
    found = match([_result([A, FAR, B], [0.9, 0.8, 0.7], [A, B])], 0.5)
    assert average_precision(found) == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_a_second_detection_of_a_head_is_a_miss() -> None:
    found = match([_result([A, A], [0.9, 0.8], [A])], 0.5)
    assert found.hit.tolist() == [True, False]


def test_the_iou_threshold_counts() -> None:
    shifted = [2, 0, 12, 10]  # IoU 2/3 with A
    result = [_result([shifted], [0.9], [A])]
    assert average_precision(match(result, 0.6)) == 1
    assert average_precision(match(result, 0.7)) == 0


def test_detections_of_ignored_heads_count_neither_way() -> None:
    found = match([_result([B, A], [0.9, 0.8], [A, B], 1)], 0.5)
    assert found.heads.tolist() == [1]
    assert average_precision(found) == 1


def _plain_ap(results: list[PictureResult], iou: float) -> float:
    """Straight from the definition, without sorting tricks."""
    pairs = []
    for result in results:
        free = list(range(len(result.truth)))
        for k in np.argsort(-result.scores):
            best, at = -1.0, -1
            for g in free:
                low = np.maximum(result.boxes[k][:2], result.truth[g][:2])
                high = np.minimum(result.boxes[k][2:], result.truth[g][2:])
                shared = np.prod(np.maximum(high - low, 0))
                areas = [np.prod(b[2:] - b[:2]) for b in (result.boxes[k], result.truth[g])]
                value = shared / (sum(areas) - shared)
                if value >= iou and value > best:
                    best, at = value, g
            if at >= 0:
                free.remove(at)
            pairs.append((result.scores[k], at >= 0))
    pairs.sort(key=lambda pair: -pair[0])
    heads = sum(len(result.truth) for result in results)
    hits = np.cumsum([hit for _, hit in pairs])
    precision, recall = hits / np.arange(1, len(hits) + 1), hits / heads
    return float(np.mean([max(precision[recall >= r - 1e-12], default=0) for r in RECALLS]))


@pytest.mark.parametrize("iou", [0.5, 0.75])
def test_against_the_definition_on_random_pictures(iou: float) -> None:
    rng = np.random.default_rng(7)
    results = []
    for _ in range(20):
        truth = rng.uniform(0, 60, (rng.integers(0, 5), 2))
        truth = np.concatenate([truth, truth + rng.uniform(5, 40, truth.shape)], axis=1)
        boxes = np.concatenate([truth + rng.normal(0, 2, truth.shape), [FAR]])
        results.append(
            PictureResult(boxes, rng.random(len(boxes)), truth, np.zeros(len(truth), bool))
        )
    assert average_precision(match(results, iou)) == pytest.approx(_plain_ap(results, iou))


def test_counts_are_the_same_as_repeating_pictures() -> None:
    pictures = [
        _result([A, FAR], [0.9, 0.95], [A, B]),
        _result([B], [0.5], [B]),
        _result([FAR], [0.7], [A]),
    ]
    counted = average_precision(match(pictures, 0.5), np.array([2.0, 3.0, 0.0]))
    repeated = [pictures[0]] * 2 + [pictures[1]] * 3
    assert counted == pytest.approx(average_precision(match(repeated, 0.5)))
