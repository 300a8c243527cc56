"""What a density gives for a range: its own interval and median, and nothing beyond 0 and 1."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgereg.serve.rules.probability import within

numbers = st.floats(-500, 500)
widths = st.floats(0.01, 200)


@given(numbers, widths, widths)
def test_the_interval_holds_ninety_per_cent_and_each_half_fifty(
    value: float, down: float, up: float
) -> None:
    interval = [value - down, value + up]
    assert within(value, interval, *interval) == pytest.approx(0.9, abs=1e-6)
    assert within(value, interval, -math.inf, value) == pytest.approx(0.5, abs=1e-6)
    assert within(value, interval, value, math.inf) == pytest.approx(0.5, abs=1e-6)


@given(numbers, widths, widths, numbers, widths, widths)
def test_it_is_a_probability_that_grows_with_the_range(
    value: float, down: float, up: float, low: float, width: float, more: float
) -> None:
    interval = [value - down, value + up]
    small = within(value, interval, low, low + width)
    large = within(value, interval, low - more, low + width + more)
    assert 0 <= small <= large + 1e-12 <= 1 + 1e-12
    parts = within(value, interval, -math.inf, low) + within(value, interval, low, math.inf)
    assert parts == pytest.approx(1, abs=1e-9)


def test_an_angle_is_seen_from_the_other_side() -> None:
    assert within(179, [169, 189], 170, 190, period=360) > 0.85
    assert within(-179, [-189, -169], 170, 190, period=360) > 0.85
    assert within(0, [-10, 10], 170, 190, period=360) < 0.001


def test_without_an_interval_the_value_is_certain() -> None:
    assert within(5, None, 0, 10) == 1
    assert within(11, None, 0, 10) == 0


def test_a_density_without_width_and_one_beside_its_value() -> None:
    assert within(5, [5, 5], 0, 10) == 1
    assert within(5, [5, 5], 6, 10) == 0
    assert within(30, [0, 10], 0, 10) == pytest.approx(0.9, abs=1e-6)
