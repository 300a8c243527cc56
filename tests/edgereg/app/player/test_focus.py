"""Whom the user looks at."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("PySide6")

from edgereg.app.player.focus import Focus, Followed
from edgereg.core.kinds import Angles, Boxes
from edgereg.core.predictions import Predictions
from edgereg.core.result import FrameResult

IMAGE = np.zeros((2, 2, 3), np.uint8)
SPECS = (Angles(("yaw",)),)
SMALL, LARGE = [10, 10, 30, 30], [50, 10, 100, 60]
FAR = [300, 300, 310, 310]


def _result(index: int, heads: dict[int, list[float]], task: str = "headpose") -> FrameResult:
    """heads: boxes by track; the yaw of each is its track."""
    count = len(heads)
    predictions = Predictions(
        task,
        "m",
        SPECS,
        np.asarray(list(heads), np.float32).reshape(count, 1),
        np.ones(count, np.float32),
        np.asarray(list(heads.values()), np.float32).reshape(count, 4),
        tracks=np.asarray(list(heads), np.int64),
    )
    return FrameResult(index, index / 10, IMAGE, {task: predictions})


@pytest.fixture
def focus() -> Focus:
    focus = Focus()
    focus.task = "headpose"
    focus.detectors = {"headpose": "detection", "age": "detection", "detection": "detection"}
    return focus


def test_the_largest_by_default_and_it_is_kept(focus: Focus) -> None:
    focus.see(_result(0, {1: SMALL, 2: LARGE}))
    assert focus.followed == Followed("detection", 2)
    focus.see(_result(1, {1: [10, 10, 300, 300], 2: LARGE}))
    assert focus.row(_result(1, {1: [10, 10, 300, 300], 2: LARGE})) == 1


def test_a_click_chooses_a_person_through_a_crossing(focus: Focus) -> None:
    focus.pick(_result(0, {1: SMALL, 2: LARGE}), 15, 15)
    assert focus.row(_result(1, {2: SMALL, 1: LARGE})) == 1
    assert focus.row(_result(2, {2: SMALL})) is None
    assert focus.row(_result(3, {1: FAR, 2: SMALL})) == 0


def test_a_person_who_is_not_seen_gives_way_to_nobody(focus: Focus) -> None:
    focus.pick(_result(0, {1: SMALL, 2: LARGE}), 15, 15)
    for index in range(1, 90):
        focus.see(_result(index, {2: LARGE}))
        assert focus.row(_result(index, {2: LARGE})) is None
    assert focus.row(_result(90, {1: FAR, 2: LARGE})) == 0


def test_without_a_choice_another_is_taken_after_a_while(focus: Focus) -> None:
    focus.see(_result(0, {1: SMALL}))
    focus.see(_result(5, {2: LARGE}))
    assert focus.followed == Followed("detection", 1)
    focus.see(_result(40, {2: LARGE}))
    assert focus.followed == Followed("detection", 2)


def test_a_click_on_nested_regions_takes_the_inner(focus: Focus) -> None:
    focus.pick(_result(0, {1: [0, 0, 200, 200], 2: LARGE}), 60, 20)
    assert focus.followed == Followed("detection", 2)


def test_a_click_beside_all_is_no_choice(focus: Focus) -> None:
    assert not focus.pick(_result(0, {1: SMALL}), 500, 500)
    assert not focus.chosen


def test_where_only_heads_are_detected_a_click_chooses_too(focus: Focus) -> None:
    """The pose is looked at, but not computed."""
    result = _result(0, {1: SMALL, 2: LARGE}, "detection")
    assert focus.pick(result, 15, 15)
    assert focus.followed == Followed("detection", 1)
    assert focus.row(result) is None
    assert focus.region(result).tolist() == SMALL
    assert focus.row(_result(1, {2: LARGE, 1: SMALL}, "headpose")) == 1


def test_another_task_shows_the_same_person(focus: Focus) -> None:
    focus.pick(_result(0, {1: SMALL, 2: LARGE}), 15, 15)
    focus.task = "age"
    assert focus.row(_result(0, {2: LARGE, 1: SMALL}, "age")) == 1
    assert focus.track == 1
    focus.task = "tracking"
    assert focus.track == 0


def test_of_a_whole_frame_the_surest_prediction_is_looked_at(focus: Focus) -> None:
    values, scores = np.array([[1], [2], [3]], np.float32), np.array([0.2, 0.9, 0.4], np.float32)
    focus.task = "steering"
    found = Predictions("steering", "m", SPECS, values, scores)
    assert focus.row(FrameResult(0, 0.0, IMAGE, {"steering": found})) == 1


def test_on_a_photograph_a_click_chooses_a_box(focus: Focus) -> None:
    boxes = np.array([SMALL, LARGE], np.float32)
    found = Predictions("detection", "m", (Boxes(),), boxes, np.ones(2, np.float32))
    focus.task = "detection"
    result = FrameResult(0, 0.0, IMAGE, {"detection": found})
    assert focus.row(result) == 1
    assert focus.pick(result, 15, 15)
    assert focus.row(result) == 0


@pytest.mark.parametrize("task", ["headpose", "age", None])
def test_nothing_found_is_no_fault(focus: Focus, task: Any) -> None:
    focus.task = task
    result = _result(0, {})
    focus.see(result)
    assert focus.row(result) is None
    assert focus.region(result) is None
    assert not focus.pick(result, 1, 1)
