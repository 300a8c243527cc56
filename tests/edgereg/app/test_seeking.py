"""Seeking by mouse and keys: pictures during a drag, and the frame wanted last at its end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("PySide6")

from PySide6.QtCore import QPoint, Qt

from edgereg.app.player.state import State
from edgereg.app.window import MainWindow

from ..sources.media import H264, Coding, encode, number_in, varying

LEFT = Qt.MouseButton.LeftButton


def _open_paused(qtbot: Any, window: MainWindow, clip: Path, at: int) -> None:
    window.open(str(clip))
    qtbot.waitUntil(lambda: window.player.current is not None)
    qtbot.waitUntil(lambda: window.transport.slider.isEnabled())
    window.player.pause()
    _seek(qtbot, window, at)


def _seek(qtbot: Any, window: MainWindow, index: int) -> None:
    window.player.seek(index)
    qtbot.waitUntil(lambda: _shown(window) == index)


def _shown(window: MainWindow) -> int:
    return window.player.current.index if window.player.current is not None else -1


def _on(window: MainWindow, frame: int) -> QPoint:
    slider = window.transport.slider
    return QPoint(slider.x_of(frame), slider.height() // 2)


def test_a_click_on_the_slider_goes_there(qtbot: Any, window: MainWindow, clip: Path) -> None:
    _open_paused(qtbot, window, clip, 5)
    slider = window.transport.slider
    qtbot.mouseClick(slider, LEFT, pos=_on(window, 80))
    wanted = slider.frame_at(slider.x_of(80))
    qtbot.waitUntil(lambda: _shown(window) == wanted)
    assert abs(wanted - 80) <= 1
    assert slider.value() == wanted
    assert f"{wanted + 1}/120" in window.transport.position.text()
    assert window.player.state is State.PAUSED


def test_a_drag_shows_pictures_on_its_way_and_the_last_at_its_end(
    qtbot: Any, window: MainWindow, clip: Path, headpose: Any
) -> None:
    """A task that takes longer than a step of the drag would never finish if it were cancelled."""
    _open_paused(qtbot, window, clip, 0)
    headpose.delay_s = 0.04
    seen: list[int] = []
    window.player.shown.connect(lambda result: seen.append(result.index))
    slider = window.transport.slider
    qtbot.mousePress(slider, LEFT, pos=_on(window, 0))
    for frame in range(0, 110, 2):
        qtbot.mouseMove(slider, _on(window, frame))
        qtbot.wait(10)
    during = len(set(seen))
    qtbot.mouseRelease(slider, LEFT, pos=_on(window, 100))
    wanted = slider.value()
    qtbot.waitUntil(lambda: _shown(window) == wanted)
    qtbot.wait(150)
    assert _shown(window) == wanted
    assert during >= 4
    assert abs(wanted - 100) <= 1


def test_a_drag_while_playing_holds_and_then_plays_on(
    qtbot: Any, window: MainWindow, clip: Path
) -> None:
    window.open(str(clip))
    qtbot.waitUntil(lambda: _shown(window) > 1)
    slider = window.transport.slider
    qtbot.mousePress(slider, LEFT, pos=_on(window, 50))
    wanted = slider.value()
    qtbot.waitUntil(lambda: _shown(window) == wanted)
    qtbot.wait(120)
    assert _shown(window) == wanted
    qtbot.mouseRelease(slider, LEFT, pos=_on(window, 50))
    assert window.player.state is State.PLAYING
    qtbot.waitUntil(lambda: _shown(window) > wanted + 2)


def test_ten_quick_lefts_go_ten_frames_back(qtbot: Any, window: MainWindow, clip: Path) -> None:
    _open_paused(qtbot, window, clip, 60)
    for _ in range(10):
        qtbot.keyClick(window, Qt.Key.Key_Left)
    assert window.player.index == 50
    assert window.transport.slider.value() in (59, 60)
    qtbot.waitUntil(lambda: _shown(window) == 50)
    for _ in range(7):
        qtbot.keyClick(window, Qt.Key.Key_Right)
    assert window.player.index == 57
    qtbot.waitUntil(lambda: _shown(window) == 57)
    assert window.transport.slider.value() == 57


def test_settings_changed_during_a_jump_are_shown_on_its_frame(
    qtbot: Any, window: MainWindow, clip: Path
) -> None:
    _open_paused(qtbot, window, clip, 10)
    window.player.seek(60)
    qtbot.keyClick(window, Qt.Key.Key_R)
    qtbot.waitUntil(
        lambda: (
            _shown(window) == 60
            and window.player.current.predictions["headpose"].refinement is None
        )
    )


def test_a_step_at_the_end_is_no_wish_that_stays(
    qtbot: Any, window: MainWindow, clip: Path
) -> None:
    _open_paused(qtbot, window, clip, 118)
    for _ in range(3):
        qtbot.keyClick(window, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: _shown(window) == 119)
    qtbot.keyClick(window, Qt.Key.Key_Left)
    qtbot.waitUntil(lambda: _shown(window) == 118)


def test_in_a_file_that_was_cut_off_the_last_frame_is_reached(
    qtbot: Any, window: MainWindow, clip: Path, tmp_path: Path
) -> None:
    """Its container tells of 120 frames still."""
    path = tmp_path / "short.avi"
    data = clip.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    window.open(str(path))
    qtbot.waitUntil(lambda: _shown(window) >= 0)
    window.player.pause()
    window.player.seek(119)
    qtbot.waitUntil(lambda: _shown(window) > 40)
    last = _shown(window)
    _seek(qtbot, window, 3)
    window.player.seek(119)
    qtbot.waitUntil(lambda: _shown(window) == last)
    window.player.step(-1)
    qtbot.waitUntil(lambda: _shown(window) == last - 1)
    assert window.banner.message == "" or "cut off" in window.banner.message


def test_playing_again_from_the_end_does_not_end_at_once(
    qtbot: Any, window: MainWindow, clip: Path, detection: Any
) -> None:
    """The first frame may take longer than the next look at the end."""
    _open_paused(qtbot, window, clip, 117)
    window.player.play()
    qtbot.waitUntil(lambda: window.player.state is State.ENDED)
    detection.delay_s = 0.3
    window.player.play()
    qtbot.wait(250)
    assert window.player.state is State.PLAYING
    detection.delay_s = 0.0
    qtbot.waitUntil(lambda: 0 <= _shown(window) < 60)


def test_the_total_time_is_that_of_the_frames_where_the_rate_varies(
    qtbot: Any, window: MainWindow, tmp_path: Path
) -> None:
    path = encode(tmp_path / "phone.mp4", Coding(options=H264, times=varying()))
    _open_paused(qtbot, window, path, 39)
    end = varying()[-1] / 1000
    assert window.player.duration_s == pytest.approx(end + 1 / window.player.info.fps, abs=0.01)
    assert abs(window.player.duration_s - 40 / window.player.info.fps) > 0.001
    qtbot.wait(120)
    assert window.panels["values"]._window(0.0)[1] == pytest.approx(window.player.duration_s)
    assert number_in(window.player.current.image) == 39


def test_a_preview_is_shown_until_the_frame_itself_is_there(
    qtbot: Any, window: MainWindow, tmp_path: Path, headpose: Any
) -> None:
    coding = Coding(options={**H264, "g": "10", "keyint_min": "10", "sc_threshold": "0"})
    _open_paused(qtbot, window, encode(tmp_path / "clip.mp4", coding), 2)
    headpose.delay_s = 0.4
    previews: list[Any] = []
    window.player.previewed.connect(previews.append)
    window.player.seek(35)
    qtbot.waitUntil(lambda: bool(previews))
    assert _shown(window) == 2
    assert window.video._preview is not None
    assert number_in(previews[0]) == 30
    qtbot.waitUntil(lambda: _shown(window) == 35)
    assert window.video._preview is None
