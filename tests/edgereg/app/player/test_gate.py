"""The gate at a player's end: pacing, holding, single steps, jumps."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

pytest.importorskip("PySide6")

from edgereg.app.player.gate import Gate
from edgereg.core.result import FrameResult

IMAGE = np.zeros((2, 2, 3), np.uint8)


def _result(index: int, generation: int) -> FrameResult:
    return FrameResult(index, index * 0.05, IMAGE, generation=generation)


class Feed:
    """A pipeline's end: writes the results it is given, one after the other, in a thread."""

    def __init__(self, *, paced: bool = True) -> None:
        self.came: list[int] = []
        self.gate = Gate(lambda result: self.came.append(result.index), paced=paced)

    def start(self, indices: list[int], *, jump_to: list[int] | None = None) -> threading.Thread:
        """jump_to: results that come after those, of the next generation."""
        results = [_result(index, 0) for index in indices]
        results += [_result(index, 1) for index in jump_to or ()]
        thread = threading.Thread(
            target=lambda: [self.gate.write(result) for result in results], daemon=True
        )
        thread.start()
        return thread


@pytest.fixture
def feed() -> Iterator[Feed]:
    feed = Feed()
    yield feed
    feed.gate.close()


def _wait(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 2.0
    while not condition() and time.monotonic() < end:
        time.sleep(0.002)
    assert condition()


def test_nothing_passes_before_play(feed: Feed) -> None:
    feed.start([0, 1])
    time.sleep(0.05)
    assert feed.came == []


def test_results_come_at_their_times(feed: Feed) -> None:
    feed.gate.play()
    start = time.monotonic()
    feed.start(list(range(7))).join(3)
    assert feed.came == list(range(7))
    assert 0.27 < time.monotonic() - start < 1.0


@pytest.mark.parametrize(("speed", "least", "most"), [(0.5, 0.55, 1.5), (4.0, 0.0, 0.25)])
def test_speed_stretches_the_times(feed: Feed, speed: float, least: float, most: float) -> None:
    """Seven results, 0.3 s of the recording."""
    feed.gate.set_pace(speed, keeps_up=False)
    feed.gate.play()
    start = time.monotonic()
    feed.start(list(range(7))).join(3)
    assert feed.came == list(range(7))
    assert least < time.monotonic() - start < most


def test_frames_are_late_only_where_the_clock_goes_on(feed: Feed) -> None:
    feed.gate.play()
    feed.start([0]).join(3)
    time.sleep(0.1)
    assert feed.gate.admits(0.02)
    feed.gate.set_pace(2.0, keeps_up=True)
    assert feed.gate.admits(0.02)
    feed.start([1]).join(3)
    time.sleep(0.1)
    assert not feed.gate.admits(0.15)
    assert feed.gate.admits(2.0)
    feed.gate.hold()
    assert feed.gate.admits(0.15)


def test_a_live_source_is_not_paced() -> None:
    feed = Feed(paced=False)
    feed.gate.play()
    start = time.monotonic()
    feed.start(list(range(20))).join(3)
    assert feed.came == list(range(20))
    assert time.monotonic() - start < 0.5


def test_a_step_lets_one_through(feed: Feed) -> None:
    feed.start([0, 1, 2])
    feed.gate.step()
    _wait(lambda: feed.came == [0])
    time.sleep(0.03)
    assert feed.came == [0]


def test_hold_stops_and_play_goes_on(feed: Feed) -> None:
    feed.gate.play()
    feed.start(list(range(40)))
    _wait(lambda: len(feed.came) > 1)
    feed.gate.hold()
    time.sleep(0.02)
    held = len(feed.came)
    time.sleep(0.15)
    assert len(feed.came) == held
    feed.gate.play()
    _wait(lambda: len(feed.came) > held)
    assert feed.came == list(range(len(feed.came)))


def test_a_jump_drops_what_waits_and_shows_the_frame_sought(feed: Feed) -> None:
    thread = feed.start([3], jump_to=[20, 21])
    time.sleep(0.03)
    feed.gate.jump(1)
    _wait(lambda: feed.came == [20])
    time.sleep(0.03)
    assert feed.came == [20]
    assert thread.is_alive()


def test_a_result_on_its_way_during_a_jump_is_not_shown(feed: Feed) -> None:
    feed.gate.jump(1)
    feed.start([20], jump_to=[20, 21])
    _wait(lambda: feed.came == [20])
    feed.gate.step()
    _wait(lambda: feed.came == [20, 21])


def test_a_frame_that_came_before_the_gate_knew_of_the_jump_is_shown(feed: Feed) -> None:
    feed.start([], jump_to=[20, 21])
    time.sleep(0.03)
    feed.gate.jump(1)
    _wait(lambda: feed.came == [20])


def test_a_frame_that_is_missing_in_the_file_does_not_hold_up_a_jump(feed: Feed) -> None:
    feed.gate.jump(1)
    feed.start([], jump_to=[21, 22])
    _wait(lambda: feed.came == [21])


def test_close_frees_the_pipeline(feed: Feed) -> None:
    thread = feed.start([0])
    feed.gate.close()
    thread.join(1)
    assert not thread.is_alive()
    assert feed.came == []
