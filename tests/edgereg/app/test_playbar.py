"""The play bar, by keys and by mouse."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("PySide6")

from PySide6.QtCore import Qt

from edgereg.app.player.state import State
from edgereg.app.window import MainWindow

from ..sources.media import H264, Coding, encode, varying
from .conftest import FRAMES

LEFT, SHIFT, CONTROL = (
    Qt.MouseButton.LeftButton,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)
Key = Qt.Key


def _shown(window: MainWindow) -> int:
    return window.player.current.index if window.player.current is not None else -1


def _at(qtbot: Any, window: MainWindow, index: int) -> None:
    qtbot.waitUntil(lambda: _shown(window) == index)


@pytest.fixture
def paused(held: MainWindow) -> MainWindow:
    """The window on frame 40 of the clip, held."""
    return held


@pytest.fixture
def seen(paused: MainWindow) -> list[int]:
    """The frames that are shown from now on."""
    indices: list[int] = []
    paused.player.shown.connect(lambda result: indices.append(result.index))
    return indices


def test_keys_that_go_somewhere(qtbot: Any, paused: MainWindow) -> None:
    for key, frame in (
        (Key.Key_End, FRAMES - 1),
        (Key.Key_Home, 0),
        (Key.Key_5, 60),
        (Key.Key_0, 0),
        (Key.Key_9, 107),
    ):
        qtbot.keyClick(paused, key)
        _at(qtbot, paused, frame)


def test_j_k_and_l(qtbot: Any, paused: MainWindow, seen: list[int]) -> None:
    qtbot.keyClick(paused, Key.Key_L)
    assert paused.player.state is State.PLAYING
    qtbot.keyClick(paused, Key.Key_L)
    assert paused.transport.speed.value() == 2.0
    qtbot.waitUntil(lambda: _shown(paused) > 45)
    qtbot.keyClick(paused, Key.Key_K)
    assert paused.player.state is State.PAUSED
    qtbot.wait(60)
    held = paused.player.index
    seen.clear()
    qtbot.keyClick(paused, Key.Key_J)
    assert paused.playback.backwards
    qtbot.waitUntil(lambda: 0 <= _shown(paused) < held - 5)
    assert all(b < a for a, b in pairwise(seen))
    qtbot.keyClick(paused, Key.Key_Space)
    assert not paused.playback.backwards
    assert paused.player.state is State.PAUSED


def test_backwards_ends_at_the_start(qtbot: Any, paused: MainWindow) -> None:
    paused.playback.seek(3)
    _at(qtbot, paused, 3)
    qtbot.mouseClick(paused.transport.backwards, LEFT)
    _at(qtbot, paused, 0)
    qtbot.waitUntil(lambda: not paused.playback.backwards)


@pytest.mark.parametrize("speed", [0.25, 4.0])
def test_speed(
    qtbot: Any, paused: MainWindow, seen: list[int], headpose: Any, speed: float
) -> None:
    """Four times as fast is faster than this task can compute every frame."""
    headpose.delay_s = 0.03
    paused.transport.speed.setValue(speed)
    qtbot.keyClick(paused, Key.Key_Space)
    qtbot.waitUntil(lambda: len(seen) > 2)
    first, start = seen[-1], time.monotonic()
    qtbot.wait(400)
    gone = (seen[-1] - first) / 25 / (time.monotonic() - start)
    paused.playback.pause()
    assert 0.4 * speed < gone < 1.7 * speed
    if speed > 1:
        assert max(b - a for a, b in pairwise(seen)) > 1


def test_speed_stays_in_its_bounds(qtbot: Any, paused: MainWindow) -> None:
    for _ in range(6):
        qtbot.keyClick(paused, Key.Key_BracketRight)
    assert paused.playback.speed == 8.0
    for _ in range(9):
        qtbot.keyClick(paused, Key.Key_BracketLeft)
    assert paused.transport.speed.value() == pytest.approx(0.1)
    qtbot.keyClick(paused, Key.Key_Equal)
    assert paused.playback.speed == 1.0


def test_a_loop_begins_again_and_stays_a_recording(
    qtbot: Any, paused: MainWindow, seen: list[int]
) -> None:
    qtbot.mouseClick(paused.transport.loop, LEFT)
    paused.playback.seek(112)
    qtbot.keyClick(paused, Key.Key_Space)
    qtbot.waitUntil(lambda: any(b < a for a, b in pairwise(seen)), timeout=8000)
    qtbot.waitUntil(lambda: 0 <= _shown(paused) < 100)
    assert paused.player.state is State.PLAYING
    assert paused.player.info is not None
    assert not paused.player.info.live
    assert paused.transport.slider.isEnabled()
    paused.playback.seek(30)
    qtbot.waitUntil(lambda: 30 <= _shown(paused) < 60)


def test_a_range(qtbot: Any, paused: MainWindow, seen: list[int]) -> None:
    for frame, key in ((20, Key.Key_I), (28, Key.Key_O)):
        paused.playback.seek(frame)
        _at(qtbot, paused, frame)
        qtbot.keyClick(paused, key)
    for loop in (False, True):
        paused.menus.actions["loop"].setChecked(loop)
        seen.clear()
        qtbot.keyClick(paused, Key.Key_Space)
        if loop:
            qtbot.waitUntil(lambda: seen.count(22) > 1)
            assert paused.player.state is State.PLAYING
        else:
            qtbot.waitUntil(lambda: paused.player.state is State.PAUSED and _shown(paused) == 28)
        assert 20 <= min(seen) <= 23  # a busy window may miss pictures
        assert max(seen) <= 31
    qtbot.keyClick(paused, Key.Key_I, SHIFT)
    assert (paused.playback.start, paused.playback.end) == (None, None)


def test_go_to_a_frame_or_a_time(qtbot: Any, paused: MainWindow) -> None:
    place = paused.transport.place
    for text, frame in (("76", 75), ("2", 1), ("0:02", 50), ("1.2s", 30)):
        qtbot.keyClick(paused, Key.Key_G, CONTROL)
        qtbot.keyClicks(place, text)
        assert place.text() == text
        qtbot.keyClick(place, Key.Key_Return)
        _at(qtbot, paused, frame)
        assert not place.hasFocus()


def test_what_is_no_place_is_said(qtbot: Any, paused: MainWindow) -> None:
    place = paused.transport.place
    qtbot.mouseClick(place, LEFT)
    qtbot.keyClicks(place, "soon")
    qtbot.keyClick(place, Key.Key_Return)
    assert "no frame" in place.toolTip()
    assert paused.player.index == 40


def test_marks(qtbot: Any, paused: MainWindow) -> None:
    for frame in (10, 70):
        paused.playback.seek(frame)
        _at(qtbot, paused, frame)
        qtbot.keyClick(paused, Key.Key_M)
    qtbot.keyClick(paused, Key.Key_Left, CONTROL)
    _at(qtbot, paused, 10)
    qtbot.keyClick(paused, Key.Key_Right, CONTROL)
    _at(qtbot, paused, 70)
    qtbot.mouseClick(paused.transport.mark, LEFT)
    assert paused.playback.marks == [10]


def _found_after(qtbot: Any, window: MainWindow, index: int) -> int:
    """Where the search that goes on has ended: held, and shown."""
    qtbot.waitUntil(
        lambda: (
            window.player.state is State.PAUSED and index < window.player.index == _shown(window)
        )
    )
    return window.player.index


def test_appearances(
    qtbot: Any, paused: MainWindow, detection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ball is not there before frame 60, and not from 80 to 89."""
    conclude = type(detection).conclude

    def sometimes(self: Any, proposal: Any, refinement: Any, prepared: Any, spec: Any) -> Any:
        found = conclude(self, proposal, refinement, prepared, spec)
        left = float(found.boxes[0, 0]) if len(found) else 0.0
        index = round((left + 20 - 60) / 1.6)
        return found.select(found.scores * (60 <= index < 80 or index >= 90) > 0)

    monkeypatch.setattr(type(detection), "conclude", sometimes)
    paused.panels["refinement"].switch.setChecked(False)
    paused.panels["inspector"].choice.setCurrentIndex(
        paused.panels["inspector"].choice.findData("detection")
    )
    paused.playback.seek(42)
    _at(qtbot, paused, 42)
    paused.panels["refinement"].switch.setChecked(True)
    qtbot.wait(100)
    qtbot.keyClick(paused, Key.Key_Right, SHIFT)
    first = _found_after(qtbot, paused, 42)
    assert abs(first - 60) < 6
    qtbot.mouseClick(paused.transport.later, LEFT)
    second = _found_after(qtbot, paused, first)
    assert abs(second - 90) < 6
    qtbot.keyClick(paused, Key.Key_Left, SHIFT)
    _at(qtbot, paused, first)


def test_real_time_leaves_frames_out_and_stays_where_it_is(
    qtbot: Any, paused: MainWindow, seen: list[int], headpose: Any
) -> None:
    headpose.delay_s = 0.1
    paused.menus.actions["skip"].setChecked(True)
    qtbot.keyClick(paused, Key.Key_Space)
    qtbot.waitUntil(lambda: len(seen) > 6, timeout=8000)
    assert min(seen) >= 40
    assert max(b - a for a, b in pairwise(seen)) > 1


def test_total_time_in_the_bar(qtbot: Any, window: MainWindow, tmp_path: Path) -> None:
    path = encode(tmp_path / "phone.mp4", Coding(options=H264, times=varying()))
    window.open(str(path))
    qtbot.waitUntil(lambda: _shown(window) >= 0)
    window.playback.pause()
    window.playback.seek(39)
    _at(qtbot, window, 39)
    qtbot.wait(150)
    window.playback.seek(38)
    _at(qtbot, window, 38)
    assert "/ 0:03.2" in window.transport.position.text()
