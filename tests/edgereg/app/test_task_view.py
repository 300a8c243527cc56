"""A panel that a task offers: data, drawn by the window, with the guard's care."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("PySide6")

from PySide6.QtCore import Qt

from edgereg.api import PanelChoice, PanelCurve, PanelItem, PanelNumber, PanelPicture
from edgereg.app.player.catalogue import Catalogue
from edgereg.app.window import MainWindow

from .conftest import FakeTask, load


@dataclass
class Showing(FakeTask):
    """A pose with a panel. broken: what the panel returns or raises instead."""

    broken: Any = None
    asked: list[tuple[int, Mapping[str, str]]] = field(default_factory=list)

    def panel(self, result: Any, row: int | None, chosen: Mapping[str, str]) -> Sequence[PanelItem]:
        if isinstance(self.broken, Exception):
            raise self.broken
        if self.broken is not None:
            return self.broken
        if row is None:
            return ()
        self.asked.append((result.index, dict(chosen)))
        yaw = float(result.predictions[self.name].values[row, 0])
        x = np.linspace(0, 1, 20, dtype=np.float32)
        picture = np.zeros((30, 40, 3), np.uint8)
        picture[..., 0] = 200 if chosen.get("colour") == "red" else 20
        return (
            PanelNumber("yaw", yaw, "°", 1),
            PanelNumber("who", "the ball\x1b[31m"),
            PanelCurve("wave", x, np.sin(9 * x), "s"),
            PanelChoice("colour", ("dark", "red")),
            PanelPicture("swatch", picture),
        )


@pytest.fixture
def showing() -> Showing:
    """The task with a panel."""
    return Showing("headpose", "Pose of balls", upstream="detection")


@pytest.fixture
def window(
    qtbot: Any,
    start: Callable[[Catalogue], MainWindow],
    clip: Path,
    showing: Showing,
    detection: FakeTask,
) -> MainWindow:
    """The window, held at a frame, with the task's panel open."""
    tasks = (load(detection), load(showing))
    window = start(Catalogue(tasks, {"detection": "Balls", "headpose": "Pose of balls"}))
    window.show_panel("own")
    window.open(str(clip))
    qtbot.waitUntil(lambda: window.player.current is not None)
    window.player.pause()
    window.player.seek(20)
    qtbot.waitUntil(lambda: window.player.current.index == 20)
    return window


def test_numbers_curves_pictures_and_choices_are_drawn(
    qtbot: Any, window: MainWindow, showing: Showing
) -> None:
    view = window.panels["own"]
    qtbot.waitUntil(lambda: len(view.shown) == 5)
    qtbot.waitUntil(lambda: bool(showing.asked) and showing.asked[-1][0] == 20)
    yaw = float(window.player.current.predictions["headpose"].values[0, 0])
    qtbot.waitUntil(lambda: view.shown["yaw"].widget.text() == f"yaw  {yaw:.1f} °")
    assert "\x1b" not in view.shown["who"].widget.text()
    assert view.shown["wave"].curve._line.path().elementCount() == 20
    picture = view.shown["swatch"].widget.pixmap().toImage()
    assert (picture.width(), picture.pixelColor(5, 5).red()) == (240, 20)
    assert view.note.text() == ""


def test_a_choice_goes_to_the_task_and_stays(
    qtbot: Any, window: MainWindow, showing: Showing
) -> None:
    view = window.panels["own"]
    qtbot.waitUntil(lambda: len(view.shown) == 5)
    box = view.shown["colour"].widget
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: showing.asked[-1][1] == {"colour": "red"})

    def red() -> int:
        return view.shown["swatch"].widget.pixmap().toImage().pixelColor(5, 5).red()

    qtbot.waitUntil(lambda: red() == 200)
    window.desk.looking.choose("detection")
    qtbot.waitUntil(lambda: "no panel of its own" in view.note.text())
    assert view.shown == {}
    window.desk.looking.choose("headpose")
    qtbot.waitUntil(lambda: len(view.shown) == 5)
    assert view.shown["colour"].widget.currentText() == "red"
    assert red() == 200


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (ValueError("no such thing"), "no such thing"),
        (["text"], "returned str among its items"),
        ([PanelNumber("a", 1), PanelNumber("a", 2)], "the same name"),
        ([PanelCurve("c", np.zeros(3, np.float32), np.zeros(2, np.float32))], "x and y"),
        ([PanelPicture("p", np.zeros((3, 3), np.uint8))], "uint8"),
        ([PanelChoice("c", ())], "no options"),
    ],
)
def test_what_a_panel_does_wrong_is_said_and_costs_the_panel_only(
    qtbot: Any, window: MainWindow, showing: Showing, broken: Any, said: str
) -> None:
    showing.broken = broken
    view = window.panels["own"]
    for index in range(30, 37):
        window.player.seek(index)
        qtbot.waitUntil(lambda index=index: window.player.current.index == index)
        qtbot.waitUntil(lambda: said in view.note.text())
        view.draw()
    assert "headpose" in window.player.current.predictions
    qtbot.waitUntil(lambda: window.player.guard.is_off("headpose", "panel"))
    assert not window.player.guard.is_off("headpose")


def test_nothing_is_asked_while_it_is_closed(
    qtbot: Any, window: MainWindow, showing: Showing
) -> None:
    qtbot.waitUntil(lambda: bool(showing.asked))
    window._docks.docks["own"].close()
    qtbot.wait(250)
    before = len(showing.asked)
    window.player.seek(50)
    qtbot.waitUntil(lambda: window.player.current.index == 50)
    qtbot.wait(250)
    assert len(showing.asked) == before
