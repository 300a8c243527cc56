"""What is kept of frames that were computed, and what is given up."""

from __future__ import annotations

import numpy as np
import pytest

from edgereg.core.kinds import Angles
from edgereg.core.predictions import Predictions
from edgereg.core.regions import Regions
from edgereg.pipeline import memo as module
from edgereg.pipeline.memo import Memo


def _found(count: int = 1, features: int = 4) -> Predictions:
    return Predictions(
        "headpose",
        "model",
        (Angles(),),
        np.full((count, 3), 7, np.float32),
        np.ones(count, np.float32),
        features={"goal": np.zeros((count, features), np.float32)},
    )


BOXES = Regions.of_boxes([[0, 0, 10, 10]])


def test_it_recalls_what_was_asked_in_the_same_way() -> None:
    memo = Memo()
    found = _found()
    memo.keep(3, 10, BOXES, found)
    assert memo.recall("headpose", 3, 10, Regions.of_boxes([[0, 0, 10, 10]])) is found


@pytest.mark.parametrize(
    ("task", "index", "steps", "regions"),
    [
        ("age", 3, 10, BOXES),
        ("headpose", 4, 10, BOXES),
        ("headpose", 3, 9, BOXES),
        ("headpose", 3, None, BOXES),
        ("headpose", 3, 10, None),
        ("headpose", 3, 10, Regions.of_boxes([[0, 0, 10, 11]])),
        ("headpose", 3, 10, Regions.of_boxes([[0, 0, 10, 10]] * 2)),
    ],
)
def test_anything_else_is_computed(
    task: str, index: int, steps: int | None, regions: Regions | None
) -> None:
    memo = Memo()
    memo.keep(3, 10, BOXES, _found())
    assert memo.recall(task, index, steps, regions) is None


def test_a_frame_can_be_forgotten() -> None:
    memo = Memo()
    memo.keep(3, None, None, _found())
    memo.keep(4, None, None, _found())
    memo.forget(3)
    assert memo.recall("headpose", 3, None, None) is None
    assert memo.recall("headpose", 4, None, None) is not None


def test_what_was_asked_for_longest_ago_is_given_up() -> None:
    memo = Memo(most_bytes=10_000)
    for index in range(20):
        memo.keep(index, None, None, _found())
        memo.recall("headpose", 0, None, None)
    known = [i for i in range(20) if memo.recall("headpose", i, None, None) is not None]
    assert known[0] == 0
    assert known[1:] == list(range(20 - len(known) + 1, 20))
    assert 4 <= len(known) <= 10


def test_large_features_are_not_kept() -> None:
    memo = Memo()
    memo.keep(0, None, None, _found(features=module.MOST_FEATURES))
    found = memo.recall("headpose", 0, None, None)
    assert found is not None
    assert found.features == {}
    assert found.values[0, 0] == 7
