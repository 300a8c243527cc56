"""Ten journeys of `docs/day-with-the-window.md`, by mouse and keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("PySide6")

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QDockWidget

from edgereg.app.player.catalogue import Catalogue
from edgereg.app.player.state import State
from edgereg.app.window import MainWindow

from . import test_following as following
from . import test_pointing as pointing
from .conftest import ball

crossing = following.crossing
DOC = Path(__file__).parents[3] / "docs/day-with-the-window.md"
Key, LEFT = Qt.Key, Qt.MouseButton.LeftButton
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def _index(window: MainWindow) -> int:
    return window.player.current.index if window.player.current is not None else -1


def _at(qtbot: Any, window: MainWindow, index: int) -> None:
    qtbot.waitUntil(lambda: _index(window) == index, timeout=10_000)


def _hold(qtbot: Any, window: MainWindow, clip: Path, index: int) -> MainWindow:
    window.open(str(clip))
    qtbot.waitUntil(lambda: _index(window) >= 0)
    qtbot.keyClick(window, Key.Key_K)
    window.playback.seek(index)
    _at(qtbot, window, index)
    return window


def test_journey_1_a_clip_is_dropped_and_stepped_through(
    qtbot: Any, window: MainWindow, clip: Path
) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(clip))])
    copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    window.dragEnterEvent(enter := QDragEnterEvent(QPoint(50, 50), copy, mime, LEFT, none))
    assert enter.isAccepted()
    window.dropEvent(QDropEvent(QPointF(50, 50), copy, mime, LEFT, none))
    qtbot.waitUntil(lambda: _index(window) > 12)
    qtbot.keyClick(window, Key.Key_Space)
    assert window.player.state is State.PAUSED
    qtbot.wait(80)
    held = _index(window)
    qtbot.keyClick(window, Key.Key_Right)
    _at(qtbot, window, held + 1)
    for _ in range(10):
        qtbot.keyClick(window, Key.Key_Left)
    _at(qtbot, window, held - 9)


def test_journey_2_the_moment_is_found(qtbot: Any, window: MainWindow, clip: Path) -> None:
    _hold(qtbot, window, clip, 10)
    slider = window.transport.slider
    qtbot.mousePress(slider, LEFT, pos=QPoint(slider.x_of(20), slider.height() // 2))
    qtbot.mouseMove(slider, QPoint(slider.x_of(90), slider.height() // 2))
    qtbot.mouseRelease(slider, LEFT, pos=QPoint(slider.x_of(90), slider.height() // 2))
    _at(qtbot, window, slider.value())
    for text, index in (("3.0s", 75), ("76", 75), ("50", 49)):
        qtbot.keyClick(window, Key.Key_G, CONTROL)
        qtbot.keyClicks(QApplication.focusWidget(), text)
        qtbot.keyClick(QApplication.focusWidget(), Key.Key_Return)
        _at(qtbot, window, index)
    qtbot.keyClick(window, Key.Key_M)
    qtbot.keyClick(window, Key.Key_Home)
    _at(qtbot, window, 0)
    qtbot.keyClick(window, Key.Key_Right, CONTROL)
    _at(qtbot, window, 49)
    qtbot.keyClick(window, Key.Key_I)
    window.playback.seek(55)
    _at(qtbot, window, 55)
    qtbot.keyClick(window, Key.Key_O)
    qtbot.keyClick(window, Key.Key_L, CONTROL)
    seen: list[int] = []
    window.player.shown.connect(lambda result: seen.append(result.index))
    qtbot.keyClick(window, Key.Key_Space)
    qtbot.waitUntil(lambda: len(seen) > 16, timeout=10_000)
    assert min(seen) >= 49
    assert sum(b < a for a, b in pairwise(seen)) >= 1, "round and round"


def test_journey_3_one_person_is_followed_through_a_crossing(
    qtbot: Any, start: Callable[[Catalogue], MainWindow], crossing: Path
) -> None:
    balls, poses = (
        following.Balls("detection", "Balls"),
        following.Pose("headpose", "Pose", upstream="detection"),
    )
    loaded = following.load(balls)
    object.__setattr__(loaded, "predict", type(loaded.predict)(following._find_balls, ("images",)))
    titles = {"detection": "Balls", "headpose": "Pose"}
    window = start(Catalogue((loaded, following.load(poses)), titles))
    _hold(qtbot, window, crossing, 10)
    following._click(qtbot, window, following.RED)
    red = window.desk.looking.focus.followed
    qtbot.keyClick(window, Key.Key_Home)
    _at(qtbot, window, 0)
    following._play(qtbot, window, 90)
    panel = window.panels["values"]
    panel.draw()
    yaw = panel.shown.values[:, 0]
    assert (yaw[~np.isnan(yaw)] == 50).all()
    window.panels["people"].show_people(window.desk.looking.everybody())
    assert window.panels["people"].count() == 2
    qtbot.keyClick(window, Key.Key_P)
    assert window.desk.looking.focus.followed != red


def test_journey_4_how_sure_the_model_is(qtbot: Any, window: MainWindow, clip: Path) -> None:
    _hold(qtbot, window, clip, 40)
    dock = window.findChild(QDockWidget, "map")
    dock.toggleViewAction().trigger()
    dock.raise_()
    panel = window.panels["map"]
    qtbot.waitUntil(lambda: panel.shown is not None)
    assert panel.shown.names == ("yaw", "pitch")
    last = panel.slider.value()
    panel.slider.setFocus()
    qtbot.keyClick(panel.slider, Key.Key_Left)
    assert panel.slider.value() == last - 1
    assert f"step {last - 1} of {last}" in panel.text.text()
    assert _index(window) == 40


def test_journey_5_with_and_without_refinement(qtbot: Any, window: MainWindow, clip: Path) -> None:
    _hold(qtbot, window, clip, 40)
    plot = window.panels["inspector"].densities.plots[0]
    found = window.player.current.predictions["headpose"]
    before, after = found.refinement.initial[0, 0], found.values[0, 0]
    qtbot.waitUntil(lambda: plot.initial.value == pytest.approx(before, abs=1e-3))
    assert plot.final.value == pytest.approx(after, abs=1e-3)
    qtbot.keyClick(window, Key.Key_R)
    qtbot.waitUntil(lambda: plot.initial.value is None and plot.final.value is not None)
    assert plot.final.value == pytest.approx(before, abs=1e-3)
    assert abs(after - before) > 1
    qtbot.keyClick(window, Key.Key_C)
    qtbot.waitUntil(lambda: len(window.desk.comparing.sides(window.player.current)) == 2)
    assert window.desk.choices.refine
    qtbot.keyClick(window, Key.Key_C)
    assert not window.desk.comparing.on


def test_journey_6_something_is_tracked(
    qtbot: Any, start: Callable[[Catalogue], MainWindow], clip: Path, catalogue: Catalogue
) -> None:
    step = pointing.LoadedStepTask(pointing.Magnet(), None)
    titles = {**catalogue.titles, "tracking": "What you point at"}
    window = start(Catalogue((*catalogue.tasks, step), titles))
    _hold(qtbot, window, clip, 20)
    qtbot.keyClick(window, Key.Key_T)
    pointing._drag(qtbot, window, pointing._about_ball(20))
    qtbot.waitUntil(lambda: bool(pointing._boxes(window)))
    qtbot.keyClick(window, Key.Key_Space)
    qtbot.waitUntil(lambda: _index(window) > 26)
    qtbot.keyClick(window, Key.Key_Space)
    x1, _, x2, _ = pointing._boxes(window)[1]
    assert (x1 + x2) / 2 == pytest.approx(ball(_index(window))[0], abs=4)
    qtbot.keyClick(window, Key.Key_T, SHIFT)
    pointing._drag(qtbot, window, pointing._about_ball(_index(window), 25))
    qtbot.waitUntil(lambda: _width(window) == pytest.approx(50, abs=2))
    qtbot.keyClick(window, Key.Key_Delete)
    qtbot.waitUntil(lambda: not pointing._boxes(window))


def _width(window: MainWindow) -> float:
    x1, _, x2, _ = pointing._boxes(window).get(1, [0, 0, 0, 0])
    return x2 - x1


def test_journey_7_a_figure_for_a_paper(qtbot: Any, window: MainWindow, clip: Path) -> None:
    """Saving by the menu of a plot: `test_plots.py`."""
    _hold(qtbot, window, clip, 40)
    plot = window.panels["values"].plot
    plot.zoom(2.0)
    assert plot.free
    qtbot.keyClick(window, Key.Key_C, CONTROL)
    assert QGuiApplication.clipboard().image().width() == 320


def test_journey_8_saving_goes_on_in_the_background(
    qtbot: Any, window: MainWindow, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _hold(qtbot, window, clip, 10)
    target = tmp_path / "poses.csv"
    monkeypatch.setattr("edgereg.app.window.asking.ask_target", lambda *_: target)
    qtbot.keyClick(window, Key.Key_T, CONTROL)
    qtbot.keyClick(window, Key.Key_Space)
    qtbot.waitUntil(lambda: _index(window) > 15)
    qtbot.waitUntil(lambda: "poses.csv" in window.banner.message, timeout=20_000)
    assert len(target.read_text("utf-8").splitlines()) > 120
    qtbot.mouseClick(window.banner.details, LEFT)
    assert str(target) in window.panels["messages"].whole.toPlainText()


def test_journey_9_the_window_stays_as_it_was_left(
    start: Callable[[Catalogue], MainWindow], catalogue: Catalogue
) -> None:
    window = start(catalogue)
    window.findChild(QDockWidget, "people").close()
    window.menus.actions["light"].trigger()
    next(a for a in window.menus.inner["language"].actions() if a.text() == "Deutsch").trigger()
    window.transport.speed.setValue(0.5)
    window = start(catalogue)
    people = window.findChild(QDockWidget, "people")
    assert not people.isVisible()
    assert people.windowTitle() == "Personen"
    assert window.menus.actions["light"].isChecked()
    assert window.playback.speed == 0.5
    window.menus.actions["reset_layout"].trigger()
    assert people.isVisible()


def test_journey_10_without_a_mouse(qtbot: Any, window: MainWindow, clip: Path) -> None:
    _hold(qtbot, window, clip, 40)
    box = window.panels["tasks"].box("headpose")
    window.video.setFocus()
    for _ in range(60):
        if QApplication.focusWidget() is box:
            break
        qtbot.keyClick(QApplication.focusWidget(), Key.Key_Tab)
    assert QApplication.focusWidget() is box
    qtbot.keyClick(box, Key.Key_Space)
    qtbot.waitUntil(lambda: "headpose" not in window.player.current.predictions)
    assert window.player.state is State.PAUSED
    qtbot.keyClick(window, Key.Key_F)
    assert window.isFullScreen()
    qtbot.keyClick(window, Key.Key_Escape)
    assert not window.isFullScreen()


def test_each_journey_has_its_test() -> None:
    written = re.findall(r"^\*\*(\d+)\. ", DOC.read_text("utf-8"), flags=re.MULTILINE)
    tested = [name.split("_")[2] for name in globals() if name.startswith("test_journey_")]
    assert written == tested == [str(number) for number in range(1, 11)]
