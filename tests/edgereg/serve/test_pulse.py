"""What hangs is seen; what rests, or is within its time, is not."""

from __future__ import annotations

import time

from edgereg.serve.pulse import Pulse


def test_a_block_that_takes_too_long_is_late_until_it_ends() -> None:
    pulse = Pulse("engine a")
    assert pulse.late() is None
    with pulse.doing("has been in one run", 0.01):
        time.sleep(0.02)
        assert (pulse.late() or "").startswith("engine a has been in one run for ")
        assert pulse.busy_s() >= 0.02
    assert pulse.late() is None
    assert pulse.busy_s() == 0


def test_a_block_within_another_gives_the_outer_one_back() -> None:
    pulse = Pulse("source door")
    with pulse.doing("waits", 0.01):
        time.sleep(0.02)
        with pulse.doing("opens", 60):
            assert pulse.late() is None
        assert pulse.late() is not None


def test_beats_that_stop_are_missed() -> None:
    pulse = Pulse("http")
    pulse.beat("has answered nobody", 0.01)
    time.sleep(0.02)
    assert pulse.late() is not None
    pulse.beat("has answered nobody", 60)
    assert pulse.late() is None
    pulse.rest()
    assert pulse.busy_s() == 0
