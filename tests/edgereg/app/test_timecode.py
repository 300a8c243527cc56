"""Times as they are shown, and places as they are typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgereg.app.timecode import place_of, timecode


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("83.5", 83.5),
        ("83,5", 83.5),
        ("12s", 12.0),
        ("1:23.5", 83.5),
        ("1:02:03", 3723.0),
    ],
)
def test_a_frame_or_a_time(text: str, place: float) -> None:
    found = place_of(text)
    assert found == place
    assert type(found) is type(place)


@pytest.mark.parametrize("text", ["", "abc", "-3", "1:2:3:4", "1.2.3", ":", "1e5", "9" * 30])
def test_what_is_neither(text: str) -> None:
    with pytest.raises(ValueError, match="is no frame"):
        place_of(text)


@given(st.floats(0, 3599))
def test_what_is_shown_leads_back(seconds: float) -> None:
    assert place_of(timecode(seconds)) == pytest.approx(seconds, abs=0.11)
