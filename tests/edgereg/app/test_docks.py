"""Panels that move, close and come back; what the window remembers; what fits on small screens."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("PySide6")

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget

from edgereg.app.docks import PANELS
from edgereg.app.look.theme import LIGHT
from edgereg.app.player.catalogue import Catalogue
from edgereg.app.window import MainWindow


@pytest.fixture
def restart(
    start: Callable[[Catalogue], MainWindow], catalogue: Catalogue
) -> Callable[[], MainWindow]:
    """Starts the window anew, with the same settings each time."""
    return partial(start, catalogue)


def _dock(window: MainWindow, key: str) -> QDockWidget:
    dock = window.findChild(QDockWidget, key)
    assert isinstance(dock, QDockWidget)
    return dock


# The second is a screen of 1920 x 1080 whose scale is doubled.
@pytest.mark.parametrize("size", [(1366, 720), (960, 500)])
def test_all_fits_on_a_small_screen(
    qtbot: Any, window: MainWindow, clip: Path, size: tuple[int, int]
) -> None:
    window.panels["inspector"].choice.setCurrentIndex(
        window.panels["inspector"].choice.findData("detection")
    )
    window.resize(*size)
    window.open(str(clip))
    qtbot.waitUntil(lambda: window.player.current is not None)
    qtbot.waitUntil(lambda: len(window.panels["inspector"].densities.plots) == 4)
    qtbot.waitUntil(lambda: window.panels["people"].count() > 0)
    qtbot.waitUntil(lambda: (window.width(), window.height()) == size)
    for widget in (window.transport.play, window.transport.place, window.transport.speed):
        corner = widget.mapTo(window, widget.rect().bottomRight())
        assert window.rect().contains(corner)
        assert widget.visibleRegion().boundingRect().size() == widget.size()
    assert window.video.width() >= 320
    assert window.video.height() >= 200
    for panel in PANELS:
        dock = _dock(window, panel.key)
        if panel.shown:
            assert window.rect().contains(dock.geometry())
            assert dock.width() >= 120


def test_each_panel_closes_and_comes_back(window: MainWindow) -> None:
    for panel in PANELS:
        dock = _dock(window, panel.key)
        shown = dock.toggleViewAction()
        assert shown in window.menus.inner["panels"].actions()
        if not dock.isVisible():
            shown.trigger()
        dock.close()
        assert not shown.isChecked()
        shown.trigger()
        assert dock.isVisible()
        dock.setFloating(True)
        assert dock.isWindow()
    window.menus.actions["reset_layout"].trigger()
    for panel in PANELS:
        dock = _dock(window, panel.key)
        assert not dock.isFloating()
        assert window.dockWidgetArea(dock) is panel.area
        assert dock.isVisible() is panel.shown


def test_layout_and_habits_survive_a_restart(restart: Callable[[], MainWindow]) -> None:
    window = restart()
    window.resize(790, 700)
    _dock(window, "values").close()
    window.addDockWidget(Qt.DockWidgetArea.TopDockWidgetArea, _dock(window, "tasks"))
    window.menus.actions["light"].setChecked(True)
    window.panels["tasks"].box("headpose").setChecked(False)
    window.panels["refinement"].switch.setChecked(False)
    window.transport.speed.setValue(0.5)
    window.menus.actions["skip"].setChecked(True)
    window.menus.actions["loop"].setChecked(True)
    size = window.width(), window.height()
    window = restart()
    assert (window.width(), window.height()) == size
    assert not _dock(window, "values").isVisible()
    top = Qt.DockWidgetArea.TopDockWidgetArea
    assert window.dockWidgetArea(_dock(window, "tasks")) is top
    assert window.menus.actions["light"].isChecked()
    assert not window.panels["tasks"].box("headpose").isChecked()
    assert window.panels["tasks"].box("detection").isChecked()
    assert not window.panels["refinement"].switch.isChecked()
    assert not window.player.settings.refine
    assert window.player.settings.off == {"headpose"}
    assert window.transport.speed.value() == 0.5
    assert window.playback.skips
    assert window.playback.loop


def test_colours_that_nobody_chose_stay_those_of_the_system(
    restart: Callable[[], MainWindow], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not restart().menus.actions["light"].isChecked()
    monkeypatch.setattr("edgereg.app.window.theme.preferred", lambda _: LIGHT)
    window = restart()
    assert window.menus.actions["light"].isChecked()
    window.menus.actions["light"].trigger()
    assert not restart().menus.actions["light"].isChecked()


def test_what_was_full_screen_is_a_window_with_its_panels_at_the_next_start(
    restart: Callable[[], MainWindow],
) -> None:
    window = restart()
    window.menus.actions["full_screen"].setChecked(True)
    assert not _dock(window, "tasks").isVisible()
    window = restart()
    assert _dock(window, "tasks").isVisible()
    assert window.menuBar().isVisible()


@pytest.mark.parametrize(
    "damage",
    [
        b"\x00\xff\xfe garbage \x80" * 40,
        b"[General]\nhabits=no json\ngeometry=12\nlayout=@ByteArray(xyz)\nrecent=@Invalid()\n",
        b'[General]\nhabits="{\\"speed\\": 900, \\"theme\\": \\"pink\\"}"\nlayout=x\n',
    ],
)
def test_damaged_settings_are_survived(
    restart: Callable[[], MainWindow], tmp_path: Path, damage: bytes
) -> None:
    (tmp_path / "settings.ini").write_bytes(damage)
    window = restart()
    assert window.transport.speed.value() == 1.0
    assert all(_dock(window, panel.key).isVisible() is panel.shown for panel in PANELS)
    window.transport.speed.setValue(2.0)
    assert restart().transport.speed.value() == 2.0


def test_the_folder_of_the_last_file_is_where_the_next_one_is_looked_for(
    qtbot: Any, restart: Callable[[], MainWindow], clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders: list[str] = []
    monkeypatch.setattr(
        "edgereg.app.window.asking.ask_file", lambda _parent, _kinds, at: folders.append(at) or ""
    )
    window = restart()
    window.open(str(clip))
    qtbot.waitUntil(lambda: window.player.current is not None)
    window = restart()
    window.menus.actions["open_file"].trigger()
    assert folders == [str(clip.parent)]


def test_recent_sources_tell_the_truth(
    qtbot: Any, window: MainWindow, clip: Path, tmp_path: Path
) -> None:
    menu = window.menus.inner["recent"]
    assert not menu.isEnabled()
    missing = str(tmp_path / "missing.mp4")
    window.open(missing)
    qtbot.waitUntil(lambda: window.banner.message != "")
    assert window.windowTitle() == "edgereg"
    window.open(str(clip))
    qtbot.waitUntil(lambda: window.player.current is not None)
    assert window.windowTitle() == "ball.avi – edgereg"
    texts = [action.text() for action in menu.actions()]
    assert texts[0] == str(clip)
    assert missing not in texts
    window.menus.actions["close"].trigger()
    assert window.windowTitle() == "edgereg"
    menu.actions()[-1].trigger()
    assert not menu.isEnabled()
