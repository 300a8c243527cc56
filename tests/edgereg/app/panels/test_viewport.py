"""Fit, zoom and pan."""

from __future__ import annotations

import pytest

pytest.importorskip("PySide6")

from hypothesis import given
from hypothesis import strategies as st

from edgereg.app.panels.viewport import fitted, moved, zoomed
from edgereg.app.timecode import timecode

sizes = st.tuples(st.integers(1, 4000), st.integers(1, 4000))


@given(sizes, sizes)
def test_a_fitted_frame_is_inside_centred_and_touches(
    frame: tuple[int, int], widget: tuple[int, int]
) -> None:
    view = fitted(frame, widget)
    width, height = frame[0] * view.scale, frame[1] * view.scale
    assert width <= widget[0] + 1e-6
    assert height <= widget[1] + 1e-6
    assert view.left == pytest.approx((widget[0] - width) / 2, abs=1e-6)
    assert min(view.left, view.top) == pytest.approx(0, abs=1e-6)


@given(st.floats(0.5, 3), st.floats(0, 600), st.floats(0, 400))
def test_zoom_keeps_the_pixel_under_the_pointer(factor: float, x: float, y: float) -> None:
    view = fitted((1280, 720), (640, 480))
    after = zoomed(view, factor, (x, y), smallest=0.01)
    assert after.to_frame(x, y) == pytest.approx(view.to_frame(x, y), abs=1e-3)


def test_the_frame_cannot_be_dragged_out_of_sight() -> None:
    view = zoomed(fitted((100, 100), (200, 200)), 4, (100, 100), 2)
    far = moved(view, -1e6, 1e6, (100, 100), (200, 200))
    assert far.left == pytest.approx(-400)
    assert far.top == pytest.approx(200 - 400)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00.0"), (62.34, "1:02.3"), (3723, "1:02:03"), (-1, "0:00.0"), (59.96, "0:59.9")],
)
def test_timecode(seconds: float, text: str) -> None:
    assert timecode(seconds) == text
