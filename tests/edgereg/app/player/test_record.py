"""Values over time, by task and track."""

from __future__ import annotations

import weakref
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("PySide6")

from edgereg.app.player import record as of_record
from edgereg.app.player.record import UNTRACKED, Record, Series
from edgereg.core.kinds import Angles, Kinds, Points
from edgereg.core.predictions import Predictions
from edgereg.core.result import FrameResult

IMAGE = np.zeros((2, 2, 3), np.uint8)
KINDS: Kinds = (Angles(("yaw",)),)


def _result(index: int, yaws: dict[int, float], task: str = "headpose") -> FrameResult:
    """yaws: by track."""
    count = len(yaws)
    found = Predictions(
        task,
        "m",
        KINDS,
        np.asarray(list(yaws.values()), np.float32).reshape(count, 1),
        np.ones(count, np.float32),
        np.zeros((count, 4), np.float32),
        tracks=np.array(list(yaws), np.int64),
    )
    return FrameResult(index, index / 10, IMAGE, {task: found})


def test_every_track_has_its_own_values_whatever_the_order_of_rows() -> None:
    record = Record()
    for index in range(10):
        yaws = {1: index + 0.5, 2: 100.0 + index}
        record.add(_result(index, yaws if index % 2 else dict(reversed(yaws.items()))))
    for track, first in ((1, 0.5), (2, 100.0)):
        series = record.series("headpose", track)
        assert series.values[:, 0].tolist() == [first + i for i in range(10)]
        assert (np.diff(series.times) > 0).all()


def test_frames_may_come_in_any_order_and_again() -> None:
    record = Record()
    for index, yaw in ((5, 5.0), (3, 1.0), (4, 4.0), (3, 3.0)):
        record.add(_result(index, {1: yaw}))
    series = record.series("headpose", 1)
    assert series.values[:, 0].tolist() == [3.0, 4.0, 5.0]
    record.add(_result(4, {}))
    assert np.isnan(record.series("headpose", 1).values[:, 0]).tolist() == [False, True, False]


def test_where_it_was_not_seen_there_is_a_gap() -> None:
    record = Record()
    for index in range(6):
        record.add(_result(index, {1: 1.0} if index == 3 else {1: 1.0, 2: 2.0}))
    assert not np.isnan(record.series("headpose", 1).values).any()
    series = record.series("headpose", 2)
    assert np.isnan(series.values[:, 0]).tolist() == [False] * 3 + [True] + [False] * 2
    assert record.presence("headpose", 2).stretches == ((0, 2), (4, 5))


def test_frames_left_out_are_no_gap_unless_far_apart() -> None:
    record = Record()
    for index in (0, 2, 4, 60, 62):
        record.add(_result(index, {1: 1.0}))
    presence = record.presence("headpose", 1)
    assert presence.stretches == ((0, 4), (60, 62))
    assert (presence.first_s, presence.last_s) == pytest.approx((0.0, 6.2))
    assert record.presence("headpose", 7) is None
    assert record.presence("age", 1) is None


def test_all_tasks_are_kept() -> None:
    record = Record()
    for index in range(4):
        both = {
            **_result(index, {1: 1.0}).predictions,
            **_result(index, {1: 9.0}, "age").predictions,
        }
        record.add(replace(_result(index, {}), predictions=both))
    assert record.series("age", 1).values[:, 0].tolist() == [9.0] * 4
    assert record.series("headpose", 1).values[:, 0].tolist() == [1.0] * 4


def test_two_that_prove_to_be_one() -> None:
    record = Record()
    for index in range(6):
        record.add(_result(index, {1 if index < 3 else 2: float(index)}))
    record.rename({"headpose": "detection"}, "tracking", 2, 1)
    assert len(record.series("headpose", 1).times) == 3
    record.rename({"headpose": "detection"}, "detection", 2, 1)
    assert record.series("headpose", 1).values[:, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert not len(record.series("headpose", 2).times)


def test_of_what_nobody_tracks_the_best_is_kept() -> None:
    record = Record()
    values, scores = np.array([[1], [2], [3]], np.float32), np.array([0.2, 0.9, 0.4], np.float32)
    found = Predictions("steering", "m", KINDS, values, scores)
    record.add(FrameResult(0, 0.0, IMAGE, {"steering": found}))
    assert record.series("steering", UNTRACKED).values.tolist() == [[2.0]]


def test_only_single_numbers_are_kept() -> None:
    kinds: Kinds = (Points(("a", "b")), Angles(("yaw",)))
    found = Predictions(
        "face", "m", kinds, np.arange(5, dtype=np.float32)[None], np.ones(1, np.float32)
    )
    record = Record()
    record.add(FrameResult(0, 0.0, IMAGE, {"face": found}))
    assert record.series("face", UNTRACKED).values.tolist() == [[4.0]]


def test_no_features_are_held_on_to() -> None:
    class Features(np.ndarray):
        """An array that a weak reference may point to."""

    features = np.zeros((1, 4), np.float32).view(Features)
    result = _result(0, {1: 1.0})
    found = replace(result.predictions["headpose"], features={"features": features})
    record = Record()
    record.add(replace(result, predictions={"headpose": found}))
    alive = weakref.ref(features)
    del features, found
    assert alive() is None


def test_a_long_clip_is_kept_whole_and_a_camera_s_last_days(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = Record()
    for index in range(7000):
        record.add(_result(index, {1: 1.0}))
    assert len(record.series("headpose", 1).times) == 7000
    monkeypatch.setattr(of_record, "MOST_ROWS", 1024)
    record = Record()
    for index in range(2000):
        record.add(_result(index, {1: float(index)}))
    values = record.series("headpose", 1).values[:, 0]
    assert len(values) <= 1024
    assert values[-1] == 1999
    assert (np.diff(values) == 1).all()


def test_a_long_curve_is_thinned_to_its_outline() -> None:
    values = np.sin(np.arange(10_000) / 300).astype(np.float32)[:, None]
    values[1234], values[5000:5600] = 7.0, np.nan
    series = Series(np.arange(10_000) / 25, values)
    thin = series.thinned(800)
    assert 400 < len(thin.times) <= 800
    assert (np.diff(thin.times) >= 0).all()
    assert np.nanmax(thin.values) == 7.0
    assert np.nanmin(thin.values) == np.nanmin(values)
    gone = thin.times[np.isnan(thin.values[:, 0])]
    assert gone.min() == pytest.approx(200, abs=2)
    assert gone.max() == pytest.approx(224, abs=2)
    few = Series(series.times[:500], values[:500])
    assert few.thinned(800) is few


def test_appearances() -> None:
    record = Record()
    for index in range(12):
        record.add(_result(index, {1: 1.0} if index in (2, 3, 4, 8, 9) else {}))
    assert record.appearance_before("headpose", 11) == 8
    assert record.appearance_before("headpose", 8) == 2
    assert record.appearance_before("headpose", 2) is None
    assert record.appearance_before("age", 11) is None
