"""The OpenCV painter: ink where it belongs, nothing elsewhere, no fault on bad marks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from edgereg.core import marks as m
from edgereg.paint.opencv import paint

NAN, INF = float("nan"), float("inf")


def _f(*values: object) -> Any:
    return np.asarray(values, np.float32)


def _ink(before: Any, after: Any) -> Any:
    return np.abs(before.astype(int) - after).max(axis=-1) > 20


def test_each_mark_leaves_ink_where_it_should(sample: Any, frame: Any) -> None:
    ink = _ink(frame, paint(frame, [sample.mark]))
    x, y = sample.inked
    assert ink[y - 1 : y + 2, x - 1 : x + 2].any()
    assert ink.mean() < 0.4


def test_the_frame_itself_is_left_as_it_was(sample: Any, frame: Any) -> None:
    before = frame.copy()
    painted = paint(frame, [sample.mark])
    assert painted is not frame
    assert np.array_equal(frame, before)


def test_a_read_only_and_a_strided_frame_are_accepted(frame: Any) -> None:
    frame.setflags(write=False)
    assert paint(frame[:, ::-1], [m.BoxMark(_f(10, 10, 50, 50))]).shape == frame.shape


BROKEN: list[m.Mark] = [
    m.BoxMark(_f(NAN, 10, 50, 50)),
    m.BoxMark(_f(10, 10, INF, 50)),
    m.BoxMark(_f(10, 10, 50)),
    m.BoxMark(_f(-4e9, -4e9, 4e9, 4e9)),
    m.BoxMark(_f(1000, 1000, 1100, 1100), "initial"),
    m.PolylineMark(_f([1, 1], [NAN, 2])),
    m.PolylineMark(np.zeros((0, 2), np.float32)),
    m.PolylineMark(_f([5, 5])),
    m.PolylineMark(_f([5, -1e30], [5, 1e30]), role="initial"),
    m.PointsMark(_f([INF, 3])),
    m.PointsMark(_f([9, 9]), radius=NAN),
    m.PointsMark(np.zeros((0, 2), np.float32)),
    m.AxesMark(_f(NAN, NAN), _f([1, 1], [2, 2], [3, 3])),
    m.TextMark("lost", _f(NAN, 5)),
    m.TextMark("outside", _f(-500, -500)),
    m.TextMark("", _f(20, 20)),
    m.GaugeMark(_f(50, 50), 20, NAN, 0, 1),
    m.GaugeMark(_f(50, 50), 20, 0.5, 1, 1),
    m.GaugeMark(_f(50, 50), -3, 0.5, 0, 1),
    m.HeatmapMark(np.zeros((0, 4), np.float32), _f(0, 0, 9, 9)),
    m.HeatmapMark(np.ones((2, 2), np.float32), _f(9, 9, 0, 0)),
    m.HeatmapMark(np.full((2, 2), NAN, np.float32), _f(0, 0, 90, 90)),
    m.CurveMark(_f(0, 1), _f(NAN, 1), _f(0, 0, 90, 90)),
    m.CurveMark(_f(1, 1), _f(0, 1), _f(0, 0, 90, 90)),
    m.CurveMark(_f(0, 1), _f(0, 1, 2), _f(0, 0, 90, 90)),
]


@pytest.mark.parametrize("mark", BROKEN, ids=lambda mark: type(mark).__name__)
def test_a_mark_that_cannot_be_drawn_is_left_out(mark: m.Mark, frame: Any) -> None:
    assert np.array_equal(paint(frame, [mark]), frame)


def test_marks_after_a_broken_one_are_drawn(frame: Any) -> None:
    good = m.BoxMark(_f(60, 50, 180, 190))
    assert np.array_equal(paint(frame, [BROKEN[0], good]), paint(frame, [good]))


@pytest.mark.parametrize("marks", [{"initial": NAN}, {"initial": 900.0, "final": -900.0}])
def test_a_curve_with_stray_values_still_shows_its_line(marks: Any, frame: Any) -> None:
    x = np.linspace(-1, 1, 21, dtype=np.float32)
    curve = m.CurveMark(x, 1 - x**2, _f(60, 60, 220, 180), **marks)
    assert _ink(frame, paint(frame, [curve]))[120, 140]


@pytest.mark.parametrize("background", [0, 128, 255])
def test_text_contrasts_with_any_background(background: int) -> None:
    frame = np.full((120, 400, 3), background, np.uint8)
    painted = paint(frame, [m.TextMark("HEAD 0.98", _f(20, 80))])
    plate = painted[62:80, 28:90].max(axis=-1).astype(float)
    assert plate.max() - np.percentile(plate, 25) > 120


def test_text_beyond_the_edge_moves_inside(frame: Any) -> None:
    ink = _ink(frame, paint(frame, [m.TextMark("head", _f(310, 4))]))
    assert ink.sum() > 300
    assert ink[:25].any()


def test_lines_grow_with_the_frame() -> None:
    def inked_rows(scale: int) -> int:
        frame = np.full((240 * scale, 320 * scale, 3), 100, np.uint8)
        box = m.BoxMark(_f(60, 50, 180, 190) * scale)
        return int(_ink(frame, paint(frame, [box]))[: 120 * scale, 120 * scale].sum())

    assert inked_rows(8) > 2 * inked_rows(1)


def test_a_trajectory_grows_stronger_towards_its_end(frame: Any) -> None:
    points = np.linspace([40, 120], [280, 120], 11, dtype=np.float32)
    painted = paint(frame, [m.PointsMark(points, 6, "trajectory", 0)]).astype(int)
    assert np.abs(painted[120, 279] - 100).sum() > np.abs(painted[120, 40] - 100).sum()


def test_drawing_from_several_threads_is_sound(frame: Any) -> None:
    marks = [m.TextMark("yaw −12.3°", _f(20, 80)), m.BoxMark(_f(60, 50, 180, 190))]
    wanted = paint(frame, marks)
    with ThreadPoolExecutor(4) as pool:
        pictures = list(pool.map(lambda _: paint(frame, marks), range(40)))
    assert all(np.array_equal(picture, wanted) for picture in pictures)
