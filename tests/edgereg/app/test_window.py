"""The window with fake tasks on a clip made in code."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("PySide6")

from PySide6.QtCore import QPoint, QPointF, QSettings, Qt
from PySide6.QtGui import QWheelEvent

from edgereg.app import recent
from edgereg.app.player.state import State
from edgereg.app.window import MainWindow

from ..sources.media import H264, Coding, encode, number_in, streamed, varying


def _play(qtbot: Any, window: MainWindow, clip: Path, until: int = 3) -> None:
    window.open(str(clip))
    qtbot.waitUntil(lambda: _index(window) >= until)


def _index(window: MainWindow) -> int:
    return window.player.current.index if window.player.current is not None else -1


def _pause_at(qtbot: Any, window: MainWindow, index: int) -> None:
    window.player.pause()
    window.player.seek(index)
    qtbot.waitUntil(lambda: _index(window) == index)


def test_an_empty_window_invites_and_says_what_cannot_be_loaded(window: MainWindow) -> None:
    assert window.welcome.isVisible()
    assert not window.transport.play.isEnabled()
    assert not window.menus.actions["save_video"].isEnabled()
    assert not window.panels["tasks"].box("age").isEnabled()
    assert "no model.json" in window.panels["tasks"].reason("age")


def test_it_plays_to_the_end_and_from_the_start_again(
    qtbot: Any, window: MainWindow, clip: Path
) -> None:
    _play(qtbot, window, clip)
    assert window.player.state is State.PLAYING
    assert window.video.isVisible()
    assert window.windowTitle() == "ball.avi – edgereg"
    window.player.seek(110)
    qtbot.waitUntil(lambda: window.player.state is State.ENDED)
    assert _index(window) == 119
    qtbot.keyClick(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: 0 <= _index(window) < 100)
    assert window.player.state is State.PLAYING


def test_a_recording_without_a_duration_is_searched(
    qtbot: Any, window: MainWindow, tmp_path: Path
) -> None:
    coding = Coding("libvpx", options={"deadline": "realtime", "g": "12"}, container="webm")
    _play(qtbot, window, streamed(tmp_path / "browser.webm", coding))
    qtbot.waitUntil(lambda: window.transport.slider.isEnabled())
    assert window.transport.slider.maximum() == 39
    _pause_at(qtbot, window, 33)
    assert number_in(window.player.current.image) == 33


def test_a_click_at_a_time_shows_the_frame_of_that_time(
    qtbot: Any, window: MainWindow, tmp_path: Path
) -> None:
    """The rate of this clip varies: its mean leads to another frame."""
    _play(qtbot, window, encode(tmp_path / "phone.mp4", Coding(options=H264, times=varying())))
    window.player.pause()
    qtbot.waitUntil(lambda: window.transport.slider.maximum() == 39)
    for index in (31, 17, 8):
        window.panels["values"].sought.emit(varying()[index] / 1000)
        qtbot.waitUntil(lambda index=index: _index(window) == index)


def test_it_plays_at_the_clip_s_speed(qtbot: Any, window: MainWindow, clip: Path) -> None:
    seen: list[tuple[float, float]] = []
    window.player.shown.connect(lambda result: seen.append((time.monotonic(), result.time_s)))
    _play(qtbot, window, clip, until=2)
    qtbot.wait(600)
    clock, position = (seen[-1][k] - seen[1][k] for k in (0, 1))
    # A busy machine may show it slower and with fewer pictures, never faster or out of order.
    assert position <= clock + 0.1
    assert [time_s for _, time_s in seen] == sorted(time_s for _, time_s in seen)


def test_pause_holds_and_steps_move_by_one(qtbot: Any, window: MainWindow, clip: Path) -> None:
    _play(qtbot, window, clip)
    qtbot.keyClick(window, Qt.Key.Key_Space)
    assert window.player.state is State.PAUSED
    qtbot.wait(60)
    held = _index(window)
    qtbot.wait(150)
    assert _index(window) == held
    for key, index in ((Qt.Key.Key_Right, held + 1), (Qt.Key.Key_Right, held + 2)):
        qtbot.keyClick(window, key)
        qtbot.waitUntil(lambda index=index: _index(window) == index)
    qtbot.keyClick(window, Qt.Key.Key_Left)
    qtbot.waitUntil(lambda: _index(window) == held + 1)
    assert window.player.state is State.PAUSED


def test_many_seeks_end_at_the_last_and_none_beyond_the_end(qtbot: Any, held: MainWindow) -> None:
    for index in (95, 2, 47, 110, 5, 21):
        held.player.seek(index)
        qtbot.wait(3)
    qtbot.waitUntil(lambda: _index(held) == 21)
    qtbot.wait(80)
    assert _index(held) == 21
    held.player.seek(10_000)
    qtbot.waitUntil(lambda: _index(held) == 119)
    assert held.banner.message == ""


def test_seek_after_the_end(qtbot: Any, window: MainWindow, clip: Path) -> None:
    _play(qtbot, window, clip)
    window.player.seek(117)
    qtbot.waitUntil(lambda: window.player.state is State.ENDED)
    window.player.seek(4)
    qtbot.waitUntil(lambda: _index(window) == 4)
    assert window.player.state is State.PAUSED


def test_refinement_and_tasks_are_switched_on_the_standing_picture(
    qtbot: Any, window: MainWindow, clip: Path
) -> None:
    def climbed() -> Any:
        assert window.player.current is not None
        return window.player.current.predictions["headpose"].refinement

    _play(qtbot, window, clip)
    _pause_at(qtbot, window, 10)
    assert climbed() is not None
    before = len(window.player.current.marks) if window.player.current else 0
    qtbot.keyClick(window, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: climbed() is None)
    assert not window.panels["refinement"].switch.isChecked()
    assert _index(window) == 10
    assert window.player.current is not None
    assert len(window.player.current.marks) < before
    qtbot.keyClick(window, Qt.Key.Key_R)
    window.panels["refinement"].steps.setValue(3)
    qtbot.waitUntil(lambda: climbed() is not None and climbed().energy.shape[1] == 4)
    before = len(window.player.current.marks)
    window.panels["tasks"].box("headpose").setChecked(False)
    qtbot.waitUntil(lambda: 0 < len(window.player.current.marks) < before)


def test_a_failing_task_is_switched_off_and_can_be_tried_again(
    qtbot: Any, window: MainWindow, clip: Path, headpose: Any
) -> None:
    headpose.fails = True
    window.open(str(clip))
    qtbot.waitUntil(lambda: "sky fell down" in window.panels["tasks"].reason("headpose"))
    assert window.player.current is not None
    assert "detection" in window.player.current.predictions
    headpose.fails = False
    window.panels["tasks"].retry.click()
    qtbot.waitUntil(lambda: window.panels["tasks"].reason("headpose") == "")
    qtbot.waitUntil(lambda: "headpose" in getattr(window.player.current, "predictions", {}))


def test_broken_files_show_the_banner_and_a_good_one_plays_after_them(
    qtbot: Any, window: MainWindow, clip: Path, tmp_path: Path
) -> None:
    for name, content in (("missing", None), ("empty", b""), ("other", b"this is no video" * 50)):
        path = tmp_path / f"{name}.mp4"
        if content is not None:
            path.write_bytes(content)
        window.open(str(path))
        qtbot.waitUntil(lambda path=path: path.name in window.banner.message)
        assert "\n" not in window.banner.message
        assert window.player.state is State.FAILED
        assert window.welcome.isVisible()
    window.banner.dismiss()
    assert window.banner.message == ""
    window.open(str(tmp_path / "missing.mp4"))
    qtbot.waitUntil(lambda: window.player.state is State.FAILED)
    _play(qtbot, window, clip)
    assert window.banner.message == ""


def test_a_truncated_file_plays_and_warns(
    qtbot: Any, window: MainWindow, clip: Path, tmp_path: Path
) -> None:
    path = tmp_path / "short.avi"
    data = clip.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    window.open(str(path))
    qtbot.waitUntil(lambda: window.player.state is State.ENDED or "short" in window.banner.message)
    qtbot.waitUntil(lambda: _index(window) > 3 or window.player.state is State.FAILED)


def test_a_click_looks_at_the_prediction_there(qtbot: Any, window: MainWindow, clip: Path) -> None:
    _play(qtbot, window, clip)
    _pause_at(qtbot, window, 10)
    x, y = window.player.current.predictions["headpose"].regions[0].reshape(2, 2).mean(axis=0)
    window.video.picked.emit(float(x), float(y))
    assert window.desk.looking.focus.chosen
    box = window.player.current.predictions["headpose"].regions[0]
    assert window.video._highlight.tolist() == box.tolist()


def test_the_densities_get_their_curves(qtbot: Any, window: MainWindow, clip: Path) -> None:
    _play(qtbot, window, clip)
    _pause_at(qtbot, window, 10)
    assert len(window.panels["inspector"].densities.plots) == 3
    plot = window.panels["inspector"].densities.plots[0]
    qtbot.waitUntil(lambda: plot.shown is not None)
    qtbot.wait(250)
    x, density = plot.shown.x, plot.shown.density
    found = window.player.current.predictions["headpose"]
    area = ((density[1:] + density[:-1]) / 2 * np.diff(x)).sum()
    assert area == pytest.approx(1.0, abs=0.02)
    assert plot.final.value == pytest.approx(float(found.values[0, 0]), abs=1e-3)
    assert plot.initial.value == pytest.approx(float(found.refinement.initial[0, 0]), abs=1e-3)
    assert len(plot.iterates.places) == found.refinement.trajectory.shape[1]
    assert "yaw" in plot.title.text()
    times, values = window.panels["values"].shown.times, window.panels["values"].shown.values
    assert len(times) == len(values) > 0
    window.panels["inspector"].choice.setCurrentIndex(
        window.panels["inspector"].choice.findData("detection")
    )
    qtbot.waitUntil(lambda: len(window.panels["inspector"].densities.plots) == 4)


def test_the_history_misses_no_frame_though_the_window_may(
    qtbot: Any, window: MainWindow, clip: Path
) -> None:
    _play(qtbot, window, clip, until=2)
    time.sleep(0.5)
    qtbot.waitUntil(lambda: _index(window) >= 12)
    window.player.pause()
    qtbot.wait(200)
    times = window.panels["values"].shown.times
    assert np.round(np.diff(times) * 25).tolist() == [1] * (len(times) - 1)
    assert len(times) >= 12


def test_zoom_fit_and_about(held: MainWindow) -> None:
    video, middle = held.video, QPointF(200, 150)
    fitted = video._view
    wheel = QWheelEvent(
        middle,
        middle,
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    video.wheelEvent(wheel)
    assert video._view.scale > fitted.scale
    video.fit()
    assert video._view == fitted
    held.about()


def test_an_address_with_a_password_is_not_remembered(tmp_path: Path) -> None:
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    recent.remember(settings, "rtsp://camera/live")
    recent.remember(settings, "rtsp://me:secret@camera/live")
    assert recent.recent_sources(settings) == ["rtsp://camera/live"]


def test_status_names_rate_stages_and_provider(qtbot: Any, window: MainWindow, clip: Path) -> None:
    _play(qtbot, window, clip, until=10)
    qtbot.waitUntil(lambda: "fps" in window.status.rate.text())
    qtbot.waitUntil(lambda: "detection" in window.status.stages.text())
    assert "dropped 0" in window.status.drops.text()
    assert window.status.provider.text() == "CPU"


def test_a_picture_of_the_window_after_light_colours_and_full_screen(
    qtbot: Any, window: MainWindow, clip: Path
) -> None:
    """The picture is kept where EDGEREG_PICTURES names a folder."""
    _play(qtbot, window, clip, until=12)
    for key in ("light", "full_screen"):
        window.menus.actions[key].setChecked(True)
        qtbot.wait(20)
        window.menus.actions[key].setChecked(False)
    assert window.menuBar().isVisible()
    window.player.pause()
    qtbot.wait(200)
    picture = window.grab().toImage()
    colours = {picture.pixel(x, y) for x in range(0, 1300, 13) for y in range(0, 850, 13)}
    assert len(colours) > 20
    if folder := os.environ.get("EDGEREG_PICTURES"):
        picture.save(str(Path(folder) / "window-test.png"))
