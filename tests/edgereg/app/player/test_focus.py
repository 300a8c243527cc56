"""Which head is looked at, and its values over time."""

from __future__ import annotations

import weakref
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("PySide6")

from edgereg.app.player.focus import Focus
from edgereg.app.player.history import History
from edgereg.core.kinds import Angles, Boxes
from edgereg.core.predictions import Predictions
from edgereg.core.result import FrameResult

IMAGE = np.zeros((2, 2, 3), np.uint8)
SPECS = (Angles(("yaw",)),)


def _result(index: int, heads: dict[float, list[float]]) -> FrameResult:
    """heads: boxes by yaw."""
    count = len(heads)
    predictions = Predictions(
        "headpose",
        "m",
        SPECS,
        np.asarray(list(heads), np.float32).reshape(count, 1),
        np.ones(count, np.float32),
        np.asarray(list(heads.values()), np.float32).reshape(count, 4),
    )
    return FrameResult(index, index / 10, IMAGE, {"headpose": predictions})


SMALL, LARGE = [10, 10, 30, 30], [50, 10, 100, 60]


@pytest.fixture
def focus() -> Focus:
    focus = Focus()
    focus.look_at("headpose")
    return focus


def test_the_largest_by_default(focus: Focus) -> None:
    assert focus.row(_result(0, {1: SMALL, 2: LARGE})) == 1


def test_a_click_chooses_and_is_followed_as_it_moves(focus: Focus) -> None:
    assert focus.pick(_result(0, {1: SMALL, 2: LARGE}), 15, 15)
    for step in range(1, 20):
        moved = [value + 5 * step for value in SMALL]
        result = _result(step, {2: LARGE, 1: moved} if step % 2 else {1: moved, 2: LARGE})
        row = focus.row(result)
        if moved[0] < 35:
            assert result.predictions["headpose"].values[row or 0] == 1


def test_a_click_on_nested_regions_takes_the_inner(focus: Focus) -> None:
    result = _result(0, {1: [0, 0, 200, 200], 2: LARGE})
    focus.pick(result, 60, 20)
    assert focus.row(result) == 1


def test_of_a_whole_frame_the_surest_prediction_is_looked_at(focus: Focus) -> None:
    values, scores = np.array([[1], [2], [3]], np.float32), np.array([0.2, 0.9, 0.4], np.float32)
    focus.look_at("steering")
    found = Predictions("steering", "m", SPECS, values, scores)
    assert focus.row(FrameResult(0, 0.0, IMAGE, {"steering": found})) == 1


def test_a_detected_box_is_looked_at_by_a_click(focus: Focus) -> None:
    boxes = np.array([SMALL, LARGE], np.float32)
    found = Predictions("detection", "m", (Boxes(),), boxes, np.ones(2, np.float32))
    focus.look_at("detection")
    result = FrameResult(0, 0.0, IMAGE, {"detection": found})
    assert focus.row(result) == 1
    assert focus.pick(result, 15, 15)
    assert focus.row(result) == 0


def test_a_click_beside_all_is_no_choice(focus: Focus) -> None:
    assert not focus.pick(_result(0, {1: SMALL}), 500, 500)


def test_the_default_is_followed_too(focus: Focus) -> None:
    focus.row(_result(0, {1: SMALL, 2: LARGE}))
    assert focus.row(_result(1, {1: [10, 10, 300, 300], 2: LARGE})) == 1


def test_a_lost_head_gives_way_to_the_largest(focus: Focus) -> None:
    focus.pick(_result(0, {1: SMALL, 2: LARGE}), 15, 15)
    assert focus.row(_result(1, {})) is None
    assert not focus.switched
    assert focus.row(_result(2, {3: [300, 300, 310, 310], 4: [400, 0, 480, 80]})) == 1
    assert focus.switched


@pytest.mark.parametrize("task", ["headpose", "age", None])
def test_nothing_found_is_no_fault(focus: Focus, task: Any) -> None:
    focus.look_at(task)
    result = _result(0, {})
    assert focus.row(result) is None
    assert focus.region(result) is None
    assert not focus.pick(result, 1, 1)


def test_history_follows_one_head_both_ways() -> None:
    history = History()
    for index in range(10):
        shift = 3 * index
        heads = {
            index + 0.5: [10 + shift, 10, 40 + shift, 40],
            100.0 + index: [150, 10, 200, 60],
        }
        history.add(_result(index, heads), "headpose", 1)
    assert history.series().values[:, 0].tolist() == [100.0 + i for i in range(10)]
    history.follow(5, np.array([25, 10, 55, 40], np.float32))
    series = history.series()
    assert series.values[:, 0].tolist() == [i + 0.5 for i in range(10)]
    assert (np.diff(series.times) > 0).all()


def test_a_frame_seen_again_replaces_the_old_one() -> None:
    history = History()
    for yaw in (1.0, 7.0):
        history.add(_result(3, {yaw: SMALL}), "headpose", 0)
    assert history.series().values.tolist() == [[7.0]]


def test_history_does_not_hold_on_to_features() -> None:
    class Features(np.ndarray):
        """An array that a weak reference may point to."""

    features = np.zeros((1, 4), np.float32).view(Features)
    result = _result(0, {1: SMALL})
    found = replace(result.predictions["headpose"], features={"features": features})
    history = History()
    history.add(replace(result, predictions={"headpose": found}), "headpose", 0)
    alive = weakref.ref(features)
    del features, found
    assert alive() is None
    assert history.series().values.tolist() == [[1.0]]


def test_frames_without_the_head_leave_a_gap() -> None:
    history = History()
    history.add(_result(0, {1: SMALL}), "headpose", 0)
    history.add(_result(1, {}), "headpose", None)
    history.add(_result(2, {3: SMALL}), "headpose", 0)
    history.add(_result(3, {3: SMALL}), "age", 0)
    assert history.series().times.tolist() == pytest.approx([0.0, 0.2])


def test_a_long_gap_is_not_bridged() -> None:
    history = History()
    for index in (0, 1, 2, 30, 31):
        history.add(_result(index, {1: SMALL}), "headpose", 0)
    series = history.series()
    assert np.isnan(series.values[:, 0]).tolist() == [False, False, False, True, False, False]
    assert (np.diff(series.times) > 0).all()
