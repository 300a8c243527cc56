"""The interface never waits for inference, and closing never waits for anything."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("PySide6")

from PySide6.QtCore import QTimer

from edgereg.app.player import State
from edgereg.app.window import MainWindow


class Pulse:
    """Measures the longest time between two turns of the event loop.

    A thread beside it, that only sleeps, tells how long this machine lets anybody wait for its
    turn: `delay` is what the window adds to that.
    """

    def __init__(self) -> None:
        self._longest = self._idle = 0.0
        self._last = time.perf_counter()
        self._stop = threading.Event()
        threading.Thread(target=self._sleep, name="control", daemon=True).start()
        self.timer = QTimer(interval=5)
        self.timer.timeout.connect(self._beat)
        self.timer.start()

    @property
    def delay(self) -> float:
        """Seconds, at worst; ends the measurement."""
        self._stop.set()
        self.timer.stop()
        return self._longest - self._idle

    def _beat(self) -> None:
        now = time.perf_counter()
        self._longest = max(self._longest, now - self._last)
        self._last = now

    def _sleep(self) -> None:
        last = time.perf_counter()
        while not self._stop.wait(0.005):
            now = time.perf_counter()
            self._idle = max(self._idle, now - last)
            last = now


def test_a_slow_task_does_not_freeze_the_window(
    qtbot: Any, window: MainWindow, clip: Path, headpose: Any
) -> None:
    headpose.delay_s = 0.5
    window.open(str(clip))
    qtbot.waitUntil(lambda: window.player.current is not None, timeout=8000)

    def use_it() -> None:
        window.player.toggle()
        qtbot.wait(250)
        window.player.seek(20)
        window.refinement.switch.toggle()
        qtbot.wait(250)
        window.tasks.box("headpose").toggle()
        window.player.toggle()
        qtbot.wait(250)

    assert _smallest_delay(use_it) < 0.1


def test_playing_keeps_the_event_loop_turning(qtbot: Any, window: MainWindow, clip: Path) -> None:
    window.open(str(clip))
    qtbot.waitUntil(lambda: window.player.current is not None)
    assert _smallest_delay(lambda: qtbot.wait(700)) < 0.1


def _smallest_delay(action: Callable[[], None]) -> float:
    """Of up to five tries: what the window does itself comes back, what others do does not."""
    smallest = float("inf")
    for _ in range(5):
        pulse = Pulse()
        action()
        smallest = min(smallest, pulse.delay)
        if smallest < 0.1:
            break
    return smallest


def test_closing_while_playing_is_prompt_and_leaves_no_thread(
    qtbot: Any, window: MainWindow, clip: Path, headpose: Any
) -> None:
    headpose.delay_s = 0.2
    before = {thread.ident for thread in threading.enumerate()} - _threads_of_window()
    window.open(str(clip))
    qtbot.waitUntil(lambda: window.player.current is not None, timeout=8000)
    start = time.perf_counter()
    window.close()
    assert time.perf_counter() - start < 0.3
    assert window.player.state is State.EMPTY
    end = time.monotonic() + 3
    while _new_threads(before) and time.monotonic() < end:
        qtbot.wait(20)
    assert not _new_threads(before)


def _threads_of_window() -> set[int | None]:
    return {thread.ident for thread in threading.enumerate() if thread.name == "density"}


def _new_threads(before: set[int | None]) -> list[str]:
    return [t.name for t in threading.enumerate() if t.ident not in before and t.is_alive()]


def test_opening_another_source_ends_the_first(qtbot: Any, window: MainWindow, clip: Path) -> None:
    for _ in range(5):
        window.open(str(clip))
        qtbot.wait(30)
    qtbot.waitUntil(lambda: window.player.current is not None)
    end = time.monotonic() + 3
    while sum(t.name == "decode" for t in threading.enumerate()) > 1 and time.monotonic() < end:
        qtbot.wait(20)
    assert sum(t.name == "decode" for t in threading.enumerate()) == 1


def test_a_source_that_hangs_while_opening_does_not_hold_up_the_window(
    qtbot: Any, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()

    def hang(*_: object, **__: object) -> None:
        go.wait(5)

    monkeypatch.setattr("edgereg.app.opening.open_source", hang)
    pulse = Pulse()
    window.open("rtsp://nowhere/stream")
    qtbot.wait(200)
    assert window.player.state is State.OPENING
    window.close()
    go.set()
    assert pulse.delay < 0.1
