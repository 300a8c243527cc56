"""The density over two values, and the ascent on it step by step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("PySide6")

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget

from edgereg.app.panels.map_panel import MapPanel
from edgereg.app.window import MainWindow

Key = Qt.Key


@pytest.fixture
def panel(qtbot: Any, held: MainWindow) -> MapPanel:
    """The panel on frame 40 of the clip, held."""
    held.findChild(QDockWidget, "map").show()
    found = held.panels["map"]
    assert isinstance(found, MapPanel)
    qtbot.waitUntil(lambda: found.shown is not None)
    return found


def test_yaw_by_pitch_with_the_ascent_on_it(window: MainWindow, panel: MapPanel) -> None:
    shown = panel.shown
    assert shown.names == ("yaw", "pitch")
    found = window.player.current.predictions["headpose"]
    goal = found.features["goal"][0]
    row, column = np.unravel_index(shown.density.argmax(), shown.density.shape)
    assert shown.x[column] == pytest.approx(goal[0], abs=1.0)
    assert shown.y[row] == pytest.approx(goal[1], abs=1.0)
    path = found.refinement.trajectory[0][:, :2]
    assert shown.path.tolist() == path.tolist()
    # The bell of the stand-in task: as much as it says, not only where it is highest.
    offset = (np.stack(np.meshgrid(shown.x, shown.y), -1) - goal[:2]) / 8
    bell = np.exp(-0.5 * (offset**2).sum(-1))
    assert shown.density == pytest.approx(bell / bell.max(), abs=1e-3)


def test_keys_go_along_the_ascent(qtbot: Any, window: MainWindow, panel: MapPanel) -> None:
    found = window.player.current.predictions["headpose"].refinement
    last = found.trajectory.shape[1] - 1
    assert panel.slider.value() == last
    panel.slider.setFocus()
    for step in range(last - 1, -1, -1):
        qtbot.keyClick(panel.slider, Key.Key_Down)
        assert panel.slider.value() == step
        place = found.trajectory[0, step]
        assert panel.step.places == [pytest.approx((place[0], place[1]))]
        assert f"step {step} of {last}" in panel.text.text()
        gain = found.energy[0, step] - found.energy[0, 0]
        assert f"{gain:+.2f}" in panel.text.text()
    assert window.player.current.index == 40


def test_other_values_and_another_task_are_chosen(
    qtbot: Any, window: MainWindow, panel: MapPanel
) -> None:
    panel.across.setFocus()
    qtbot.keyClick(panel.across, Key.Key_End)
    qtbot.waitUntil(lambda: panel.shown is not None and panel.shown.names == ("roll", "pitch"))
    panel.down.setFocus()
    qtbot.keyClick(panel.down, Key.Key_End)
    qtbot.wait(100)
    assert panel.shown is None
    assert "Two values" in panel.text.text()
    window.desk.looking.choose("detection")
    qtbot.waitUntil(lambda: panel.shown is not None)
    assert panel.shown.names == ("x1", "y1"), "a corner of the box"


def test_without_refinement_there_is_one_place(
    qtbot: Any, window: MainWindow, panel: MapPanel
) -> None:
    window.desk.choices.toggle_refinement()
    qtbot.waitUntil(lambda: panel.shown is not None and panel.shown.path is None)
    assert not panel.slider.isEnabled()
    assert len(panel.step.places) == 1


def test_numbers_are_those_of_the_map(panel: MapPanel) -> None:
    lines = panel._numbers().as_csv().splitlines()
    assert lines[0] == "yaw,pitch,density"
    assert len(lines) == 1 + panel.shown.density.size
