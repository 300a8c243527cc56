"""What was computed once is not computed again, and a whole clip is computed on request."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("PySide6")

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox

from edgereg.app.player.catalogue import Catalogue
from edgereg.app.player.state import State
from edgereg.app.window import MainWindow
from edgereg.pipeline import memo

from .conftest import FakeEngine, FakeTask, load, write_clip

FRAMES = 60


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ball, for a shorter time."""
    return write_clip(tmp_path_factory.mktemp("short") / "ball.avi", FRAMES)


@pytest.fixture
def calls() -> Counter[str]:
    """How often each graph was run."""
    return Counter()


@pytest.fixture
def counted(
    start: Callable[[Catalogue], MainWindow],
    calls: Counter[str],
    detection: FakeTask,
    headpose: FakeTask,
) -> MainWindow:
    """The window with tasks whose engines count."""

    def counting(task: FakeTask) -> Any:
        loaded = load(task)

        def count(graph: str) -> FakeEngine:
            engine = getattr(loaded, graph)

            def run(inputs: Any) -> Any:
                calls[f"{task.name}.{graph}"] += 1
                return engine.run(inputs)

            return FakeEngine(run, engine.inputs)

        return replace(loaded, predict=count("predict"), refine=count("refine"))

    titles = {"detection": "Balls", "headpose": "Pose of balls"}
    return start(Catalogue((counting(detection), counting(headpose)), titles))


def _open(qtbot: Any, window: MainWindow, clip: Path) -> None:
    window.open(str(clip))
    qtbot.waitUntil(lambda: window.player.current is not None)
    window.player.pause()


def _fill(qtbot: Any, window: MainWindow) -> None:
    qtbot.keyClick(
        window,
        Qt.Key.Key_C,
        Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
    )
    assert window.saving.isVisible()
    qtbot.waitUntil(lambda: window.desk.filler.filling is None, timeout=20000)


def _see(qtbot: Any, window: MainWindow, index: int) -> None:
    window.player.seek(index)
    qtbot.waitUntil(lambda: window.player.current.index == index)


def test_a_frame_that_is_seen_again_runs_no_engine(
    qtbot: Any, counted: MainWindow, clip: Path, calls: Counter[str]
) -> None:
    _open(qtbot, counted, clip)
    for index in (40, 41, 42):
        _see(qtbot, counted, index)
    first = counted.player.current
    qtbot.wait(100)
    before = calls.copy()
    for index in (40, 41, 42):
        _see(qtbot, counted, index)
    # What is read ahead of the frames that are shown may be new.
    assert counted.player.current is not first
    assert sum((calls - before).values()) <= 4 * 2 * 2
    again = counted.player.current.predictions["headpose"]
    assert again.values.tolist() == first.predictions["headpose"].values.tolist()
    assert again.tracks.tolist() == first.predictions["headpose"].tracks.tolist()
    assert again.refinement is not None


def test_after_the_whole_clip_playing_and_saving_run_no_engine(
    qtbot: Any, counted: MainWindow, clip: Path, calls: Counter[str], tmp_path: Path
) -> None:
    _open(qtbot, counted, clip)
    _fill(qtbot, counted)
    assert calls["detection.predict"] >= FRAMES
    _see(qtbot, counted, 20)
    # What was on its way when the picture was held has come through.
    qtbot.wait(100)
    before = calls.copy()
    counted.playback.set_speed(8)
    counted.player.play()
    qtbot.waitUntil(lambda: counted.player.state is State.ENDED, timeout=20000)
    counted.saves.export(tmp_path / "a.jsonl")
    qtbot.waitUntil(lambda: not counted.saving.busy, timeout=20000)
    assert calls == before
    lines = (tmp_path / "a.jsonl").read_text("utf-8").splitlines()
    poses = {row["frame"] for row in map(json.loads, lines) if row.get("task") == "headpose"}
    assert poses == set(range(FRAMES))


def test_changed_settings_are_computed_and_only_what_they_change(
    qtbot: Any, counted: MainWindow, clip: Path, calls: Counter[str]
) -> None:
    _open(qtbot, counted, clip)
    _fill(qtbot, counted)
    _see(qtbot, counted, 30)
    assert counted.player.current.predictions["headpose"].refinement.energy.shape[1] == 7
    before = calls.copy()
    counted.desk.choices.set_refinement(True, 3)
    qtbot.waitUntil(
        lambda: counted.player.current.predictions["headpose"].refinement.energy.shape[1] == 4
    )
    assert (calls - before)["headpose.refine"] > 0
    qtbot.wait(100)
    before = calls.copy()
    counted.desk.choices.switch_task("headpose", on=False)
    qtbot.waitUntil(lambda: "headpose" not in counted.player.current.predictions)
    assert (calls - before)["headpose.predict"] == 0


def test_all_values_of_the_clip_are_known_and_stay_while_tasks_are_switched(
    qtbot: Any, counted: MainWindow, clip: Path
) -> None:
    _open(qtbot, counted, clip)
    _fill(qtbot, counted)
    player = counted.player
    (person,) = player.people.everybody()
    whole = player.record.series("headpose", person.number)
    assert len(whole.times) == FRAMES
    assert not np.isnan(whole.values).any()
    # The plot shows it, though nothing was played.
    panel = counted.panels["values"]
    qtbot.waitUntil(lambda: len(panel.shown.times) > 0 and panel.shown.times[-1] > 2.3)
    counted.desk.choices.switch_task("headpose", on=False)
    counted.desk.looking.choose("detection")
    for index in (10, 30, 59):
        _see(qtbot, counted, index)
    counted.desk.choices.switch_task("headpose", on=True)
    counted.desk.looking.choose("headpose")
    kept = player.record.series("headpose", person.number)
    assert kept.values.tolist() == whole.values.tolist()
    assert [one.number for one in player.people.everybody()] == [person.number]


def test_the_background_goes_on_while_it_plays_and_can_be_stopped(
    qtbot: Any, counted: MainWindow, clip: Path, headpose: FakeTask
) -> None:
    headpose.delay_s = 0.01
    _open(qtbot, counted, clip)
    counted.player.play()
    counted.desk.filler.start()
    filling = counted.desk.filler.filling
    qtbot.waitUntil(lambda: filling.state.done > 5)
    assert filling.state.total == FRAMES
    index = counted.player.current.index
    qtbot.waitUntil(lambda: counted.player.current.index > index + 5)
    row = counted.saving.row(counted.desk.filler)
    qtbot.waitUntil(lambda: "%" in row.count.text())
    qtbot.mouseClick(row.button, Qt.MouseButton.LeftButton)
    assert counted.desk.filler.filling is None
    filling.join(5)
    assert filling.state.ended
    known = counted.player.record.series("headpose", 1)
    assert len(known.times) >= 5


def test_another_source_asks_first_and_knows_nothing_of_this_one(
    qtbot: Any, counted: MainWindow, clip: Path, headpose: FakeTask, tmp_path: Path
) -> None:
    headpose.delay_s = 0.02
    _open(qtbot, counted, clip)
    counted.desk.filler.start()
    filling = counted.desk.filler.filling
    other = tmp_path / "other.avi"
    other.write_bytes(clip.read_bytes())
    counted.open(str(other))
    box = counted.findChildren(QMessageBox)[-1]
    assert "being computed" in box.informativeText()
    next(b for b in box.buttons() if b.text() == "Leave it").click()
    qtbot.waitUntil(lambda: counted.player.current is not None)
    filling.join(5)
    assert filling.state.ended
    assert counted.desk.filler.filling is None
    assert counted.player.request.text == str(other)


def test_features_that_are_not_kept_are_computed_for_the_standing_picture(
    qtbot: Any,
    counted: MainWindow,
    clip: Path,
    calls: Counter[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memo, "MOST_FEATURES", 0)
    _open(qtbot, counted, clip)
    _fill(qtbot, counted)
    counted.player.seek(33)
    qtbot.waitUntil(
        lambda: (
            counted.player.current.index == 33
            and bool(counted.player.current.predictions["headpose"].features)
        )
    )
    plot = counted.panels["inspector"].densities.plots[0]
    qtbot.waitUntil(lambda: plot.shown is not None)
    qtbot.wait(300)
    before = calls.copy()
    qtbot.wait(400)
    assert calls == before
