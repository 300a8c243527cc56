"""Plots that are zoomed, copied and saved; the picture with its marks."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

pytest.importorskip("PySide6")

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QMenu

from edgereg.app.look.plot_menu import Numbers, save_plot
from edgereg.app.look.plots import Plot, TimeAxis
from edgereg.app.window import MainWindow

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def paused(qtbot: Any, held: MainWindow) -> MainWindow:
    """The window on frame 40 of the clip, held, with its curves."""
    plots = held.panels["inspector"].densities.plots
    qtbot.waitUntil(lambda: plots[0].shown is not None)
    qtbot.waitUntil(lambda: len(held.panels["values"].shown.times) > 0)
    return held


def _range(plot: Plot) -> tuple[float, float]:
    low, high = plot.getViewBox().viewRange()[0]
    return low, high


def _wheel(plot: Plot, modifier: Qt.KeyboardModifier) -> bool:
    middle = QPointF(plot.viewport().rect().center())
    none, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
    there = plot.viewport().mapToGlobal(middle)
    event = QWheelEvent(middle, there, QPoint(), QPoint(0, 240), none, modifier, phase, False)
    QApplication.sendEvent(plot.viewport(), event)
    return event.isAccepted()


def _entry(menu: QMenu, text: str) -> Callable[[], None]:
    return next(a for a in menu.actions() if a.text().replace("&", "") == text).trigger


def _menu_of(qtbot: Any, plot: Plot) -> QMenu:
    plot.customContextMenuRequested.emit(QPoint(20, 20))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    return menu


def test_ctrl_and_the_wheel_zoom_and_a_double_click_follows_again(
    qtbot: Any, paused: MainWindow
) -> None:
    plot = paused.panels["values"].plot
    qtbot.waitUntil(lambda: _range(plot) == pytest.approx((0.0, 4.8), abs=0.01))
    _wheel(plot, Qt.KeyboardModifier.NoModifier)
    assert _range(plot) == pytest.approx((0.0, 4.8), abs=0.01)
    _wheel(plot, Qt.KeyboardModifier.ControlModifier)
    low, high = _range(plot)
    assert high - low < 4
    paused.playback.seek(90)
    qtbot.waitUntil(lambda: paused.player.current.index == 90)
    qtbot.wait(250)
    assert _range(plot) == (low, high), "what is played leaves the user's range alone"
    middle = plot.viewport().rect().center()
    qtbot.mouseClick(plot.viewport(), LEFT, pos=middle)
    qtbot.mouseDClick(plot.viewport(), LEFT, pos=middle)
    qtbot.waitUntil(lambda: _range(plot) == pytest.approx((0.0, 4.8), abs=0.01))


def test_a_click_on_the_curve_goes_to_its_time(qtbot: Any, paused: MainWindow) -> None:
    plot = paused.panels["values"].plot
    box = plot.getViewBox()
    at = plot.mapFromScene(box.mapViewToScene(QPointF(3.0, 0.0)))
    qtbot.mouseClick(plot.viewport(), LEFT, pos=at)
    qtbot.waitUntil(lambda: abs(paused.player.current.time_s - 3.0) < 0.1)


def test_a_zoomed_density_shows_all_of_its_range(qtbot: Any, paused: MainWindow) -> None:
    shown = paused.panels["inspector"].densities.plots[0]
    narrow = _range(shown.plot)
    for _ in range(6):
        _entry(_menu_of(qtbot, shown.plot), "Zoom out")()
    low, high = _range(shown.plot)
    assert low < narrow[0] - 50
    assert high > narrow[1] + 50
    _entry(_menu_of(qtbot, shown.plot), "Show all")()
    qtbot.waitUntil(lambda: not shown.plot.free)
    assert _range(shown.plot) == pytest.approx(narrow, abs=1e-3)


def test_pictures_and_numbers_are_copied(qtbot: Any, paused: MainWindow) -> None:
    panel, clipboard = paused.panels["values"], QGuiApplication.clipboard()
    _entry(_menu_of(qtbot, panel.plot), "Copy the picture")()
    assert clipboard.image().width() == panel.plot.width() * panel.plot.devicePixelRatio()
    _entry(_menu_of(qtbot, panel.plot), "Copy the numbers")()
    rows = list(csv.DictReader(io.StringIO(clipboard.text())))
    assert list(rows[0]) == ["time_s", "yaw", "pitch", "roll"]
    series = panel.shown
    assert [float(row["time_s"]) for row in rows] == pytest.approx(series.times.tolist(), abs=1e-4)
    known = ~np.isnan(series.values[:, 0])
    yaws = [float(row["yaw"]) for row, here in zip(rows, known, strict=True) if here]
    assert yaws == pytest.approx(series.values[known, 0].tolist(), rel=1e-4)


def test_plots_are_saved(paused: MainWindow, tmp_path: Path) -> None:
    shown = paused.panels["inspector"].densities.plots[0]
    numbers = Numbers(("x", "density"), (shown.shown.x, shown.shown.density))
    for ending in ("png", "svg", "csv"):
        save_plot(shown.plot, tmp_path / f"yaw.{ending}", numbers)
    picture = QImage(str(tmp_path / "yaw.png"))
    assert picture.width() == 3 * shown.plot.width()
    colours = {picture.pixel(x, y) for x in range(0, picture.width(), 3) for y in range(0, 60, 3)}
    assert len(colours) > 3
    tree = ElementTree.parse(tmp_path / "yaw.svg")  # noqa: S314 - our own
    drawn = [each for each in tree.iter() if each.tag.endswith(("path", "polyline"))]
    assert len(drawn) > 3
    table = np.genfromtxt(tmp_path / "yaw.csv", delimiter=",", names=True)
    assert table["density"].tolist() == pytest.approx(shown.shown.density.tolist(), rel=1e-4)


def test_a_plot_that_cannot_be_saved_says_so(
    qtbot: Any, paused: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    where = str(tmp_path / "missing" / "plot.csv")
    monkeypatch.setattr(
        "edgereg.app.look.plot_menu.QFileDialog.getSaveFileName", lambda *_: (where, "CSV (*.csv)")
    )
    _entry(_menu_of(qtbot, paused.panels["values"].plot), "Save…")()
    assert "missing" in paused.banner.message


def test_times_are_read_as_on_a_clock() -> None:
    axis = TimeAxis("bottom")
    assert axis.tickStrings([0, 59, 61, 3600], 1, 1) == ["0:00", "0:59", "1:01", "60:00"]
    assert axis.tickStrings([0.5, 59.96, 61.25], 1, 0.5) == ["0:00.5", "1:00.0", "1:01.2"]


def test_the_picture_with_its_marks_is_copied_and_saved(
    qtbot: Any, paused: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    qtbot.keyClick(paused, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    copied = QGuiApplication.clipboard().image()
    assert (copied.width(), copied.height()) == (320, 180)
    box = paused.player.current.predictions["detection"].values[0]
    edge = copied.pixelColor(round(box[0]), round((box[1] + box[3]) / 2))
    assert max(edge.getRgb()[:3]) > 100, "the box is drawn"
    target = tmp_path / "frame.png"
    monkeypatch.setattr("edgereg.app.window.asking.ask_target", lambda *_: target)
    paused.menus.actions["save_frame"].trigger()
    assert QImage(str(target)).size() == copied.size()
    monkeypatch.setattr(
        "edgereg.app.window.asking.ask_target", lambda *_: tmp_path / "no" / "x.png"
    )
    paused.menus.actions["save_frame"].trigger()
    assert "can't be written" in paused.banner.message
