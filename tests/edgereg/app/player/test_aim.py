"""One jump at a time, and the newest wish next."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("PySide6")

from edgereg.app.player.aim import Aim


def test_a_jump_is_let_arrive_and_the_newest_wish_comes_next() -> None:
    aim = Aim()
    assert aim.ask(10) == 10
    assert [aim.ask(index) for index in (11, 12, 13)] == [None, None, None]
    assert aim.wanted == 13
    assert aim.arrive() == 13
    assert aim.arrive() is None
    assert aim.wanted is None


def test_a_frame_that_is_wanted_anew_is_jumped_to_again() -> None:
    aim = Aim()
    aim.ask(10)
    assert aim.ask(10, anew=True) is None
    assert aim.arrive() == 10
    assert aim.arrive() is None


def test_what_is_forgotten_holds_up_nothing() -> None:
    aim = Aim()
    aim.ask(10)
    aim.ask(11)
    aim.forget()
    assert aim.ask(12) == 12


@given(st.lists(st.one_of(st.integers(0, 9), st.just("arrive")), max_size=40))
def test_the_last_wish_is_always_shown(steps: list[int | str]) -> None:
    aim, shown, flying, last = Aim(), None, None, None
    for step in steps:
        if isinstance(step, int):
            last = step
            jump = aim.ask(step)
            assert jump is None or flying is None
            flying = jump if jump is not None else flying
        elif flying is not None:
            shown, flying = flying, aim.arrive()
    while flying is not None:
        shown, flying = flying, aim.arrive()
    assert shown == last
    assert aim.wanted is None
