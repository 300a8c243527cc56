"""What has not changed is left alone while one plays, and what stands is drawn to the last."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

pytest.importorskip("PySide6")

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QLabel, QWidget

from edgereg.app.look.readout import Readout
from edgereg.app.panels.redraw import Redraw
from edgereg.app.player.density_worker import Question
from edgereg.app.player.state import State
from edgereg.app.window import MainWindow


class Watch(QObject):
    """Counts the events of one kind that some widgets get."""

    def __init__(self, kind: QEvent.Type, *widgets: QWidget) -> None:
        super().__init__()
        self._kind = kind
        self.counts = Counter[QObject]()
        for widget in widgets:
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if event.type() is self._kind:
            self.counts[watched] += 1
        return False

    def settle(self, qtbot: Any) -> None:
        """Wait until half a second passes without such an event, and forget those before it."""
        qtbot.wait(500)
        while self.counts:
            self.counts.clear()
            qtbot.wait(500)


class Playing(QObject):
    """The part of a player that a panel's redrawing follows."""

    shown = Signal(object)
    state_changed = Signal(object)
    state = State.PLAYING


def test_a_frame_more_lays_nothing_out(qtbot: Any, held: MainWindow) -> None:
    watch = Watch(QEvent.Type.LayoutRequest, held.transport, held.panels["inspector"])
    watch.settle(qtbot)  # what opening has begun, on a busy machine too
    for index in range(41, 47):
        held.playback.seek(index)
        qtbot.waitUntil(lambda index=index: held.player.current.index == index)
    qtbot.wait(400)
    assert f"{47:>5}/" in held.transport.position.text()
    assert not watch.counts


def test_a_state_told_again_lays_nothing_out(qtbot: Any, held: MainWindow) -> None:
    watch = Watch(QEvent.Type.LayoutRequest, held.transport)
    watch.settle(qtbot)
    for _ in range(3):
        held.playback.turned.emit(False)
        held.transport.set_state(State.PAUSED)
    qtbot.wait(400)
    assert not watch.counts


def test_the_place_is_shown_whole(qtbot: Any, held: MainWindow) -> None:
    bar, label = held.transport, held.transport.position
    qtbot.waitUntil(lambda: "41/" in label.text())
    assert label.width() >= label.fontMetrics().horizontalAdvance(label.text())
    assert bar.rect().contains(label.mapTo(bar, label.rect().bottomRight()))
    assert bar.slider.geometry().right() < label.mapTo(bar, label.rect().topLeft()).x()


def test_a_readout_paints_nothing_below_it(qtbot: Any) -> None:
    panel, label = QWidget(), QLabel("1")
    readout = Readout(label)
    readout.setParent(panel)
    readout.resize(80, 20)
    qtbot.addWidget(panel)
    panel.show()
    qtbot.waitExposed(panel)
    qtbot.wait(50)
    watch = Watch(QEvent.Type.Paint, panel, readout, label)
    label.setText("2")
    qtbot.waitUntil(lambda: watch.counts[label] > 0)
    assert {*watch.counts} == {label}


def test_panels_are_drawn_with_some_pictures_while_one_plays(qtbot: Any) -> None:
    player, drawn = Playing(), list[int]()
    shown = 0
    Redraw(player, lambda: drawn.append(shown), player)  # type: ignore[arg-type]
    for _ in range(50):
        shown += 1
        player.shown.emit(None)
        qtbot.wait(10)
    assert 2 <= len(drawn) <= 8
    player.state = State.PAUSED
    player.state_changed.emit(player.state)
    qtbot.waitUntil(lambda: drawn[-1] == 50, timeout=1000)


def test_panels_of_a_slow_source_are_drawn_with_each_picture(qtbot: Any) -> None:
    player, drawn = Playing(), list[int]()
    Redraw(player, lambda: drawn.append(0), player)  # type: ignore[arg-type]
    for count in (1, 2):
        player.shown.emit(None)
        qtbot.waitUntil(lambda count=count: len(drawn) == count, timeout=1000)
        qtbot.wait(600)


def test_many_changes_of_what_stands_are_drawn_once(qtbot: Any) -> None:
    player, drawn = Playing(), list[int]()
    player.state = State.PAUSED
    Redraw(player, lambda: drawn.append(0), player)  # type: ignore[arg-type]
    for _ in range(9):
        player.shown.emit(None)
    qtbot.wait(400)
    assert len(drawn) == 1


def test_densities_are_rough_while_one_plays_and_exact_when_it_stands(
    qtbot: Any, held: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[Question]()
    monkeypatch.setattr(held.panels["inspector"]._worker, "ask", asked.append)
    held.player.play()
    qtbot.waitUntil(lambda: any(each.rough for each in asked), timeout=3000)
    held.player.pause()

    def is_exact() -> bool:
        last, shown = asked[-1], held.player.current
        assert shown is not None
        return not last.rough and last.predictions is shown.predictions[last.loaded.name]

    qtbot.waitUntil(is_exact, timeout=3000)
