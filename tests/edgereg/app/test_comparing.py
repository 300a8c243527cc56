"""Two results of the same frames side by side, in the picture and in the plots."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("PySide6")

from PySide6.QtCore import QPoint, Qt

from edgereg.app.player.catalogue import Catalogue
from edgereg.app.player.comparing import Rival
from edgereg.app.player.state import State
from edgereg.app.window import MainWindow
from edgereg.core.marks import AxesMark
from edgereg.core.model_spec import ModelSpec

from .conftest import FRAMES, FakeEngine, FakeTask, load

Key, SHIFT, LEFT = Qt.Key, Qt.KeyboardModifier.ShiftModifier, Qt.MouseButton.LeftButton
# What the second model says of the same ball.
TURNED = 15.0


@pytest.fixture
def calls() -> Counter[str]:
    """How often each model was run."""
    return Counter()


def _counting(loaded: Any, name: str, calls: Counter[str], turned: float = 0.0) -> Any:
    def run(inputs: Any) -> Any:
        calls[name] += 1
        return {"goal": loaded.predict.run(inputs)["goal"] + np.float32(turned)}

    return replace(loaded, predict=FakeEngine(run, loaded.predict.inputs))


@pytest.fixture
def catalogue(calls: Counter[str], detection: FakeTask, headpose: FakeTask) -> Catalogue:
    """The fake tasks, with models that count."""
    tasks = [_counting(load(task), task.name, calls) for task in (detection, headpose)]
    return Catalogue(tuple(tasks), {"detection": "Balls", "headpose": "Pose of balls"})


@pytest.fixture
def rival(calls: Counter[str], headpose: FakeTask) -> Rival:
    """A second model of the pose."""
    loaded = _counting(load(headpose), "rival", calls, TURNED)
    spec = ModelSpec.model_validate({**loaded.spec.model_dump(), "name": "turned"})
    return Rival("headpose", replace(loaded, model=replace(loaded.model, spec=spec)))


def _axes(marks: Any) -> np.ndarray:
    return np.concatenate([mark.tips for mark in marks if isinstance(mark, AxesMark)])


def test_before_and_after_refinement_costs_no_model(
    qtbot: Any, held: MainWindow, calls: Counter[str]
) -> None:
    shown, before = held.player.current, calls.copy()
    qtbot.keyClick(held, Key.Key_C)
    assert held.menus.actions["unrefined"].isChecked()
    first, second = held.desk.comparing.sides(shown)
    assert (first.caption, second.caption) == ("not refined", "refined")
    assert second.marks == shown.marks
    assert np.abs(_axes(first.marks) - _axes(second.marks)).max() > 0.5
    pictures = held.video._drawn(shown)
    assert pictures[0][0] != pictures[1][0]
    values = held.panels["values"]
    values.draw()
    climb = shown.predictions["headpose"].refinement
    at = int(np.searchsorted(values.beside.times, shown.time_s - 1e-6))
    assert values.beside.values[at].tolist() == climb.initial[0].tolist()
    assert "┄ not refined" in values._legend.text()
    header, *rows = values._numbers().as_csv().splitlines()
    assert header == "time_s,yaw,pitch,roll,yaw_beside,pitch_beside,roll_beside"
    assert all("," in row for row in rows)
    assert calls == before
    qtbot.keyClick(held, Key.Key_C)
    assert held.desk.comparing.sides(shown) == ()
    assert len(held.video._drawn(shown)) == 1
    assert held.player.current is shown


def test_both_pictures_are_clicked_and_zoomed_as_one(qtbot: Any, held: MainWindow) -> None:
    qtbot.keyClick(held, Key.Key_C)
    video = held.video
    x, y = held.player.current.predictions["headpose"].regions[0].reshape(2, 2).mean(axis=0)
    picked: list[tuple[float, float]] = []
    video.picked.connect(lambda *at: picked.append(at))
    for side in (0, 1):
        place = video._places()[side]
        at = QPoint(round(video._view.left + x * video._view.scale), 0)
        at.setY(round(video._view.top + y * video._view.scale))
        qtbot.mouseClick(video, LEFT, pos=place.topLeft() + at)
    assert picked[0] == pytest.approx((x, y), abs=2)
    assert picked[1] == pytest.approx(picked[0], abs=2)
    fitted = video._view.scale
    video.zoom(2.0)
    assert video._view.scale == pytest.approx(2 * fitted)
    assert [picture.size() for picture, _ in video._drawn(held.player.current)] == [
        place.size() for place in video._places()
    ]


def test_refinement_switched_off_ends_it_and_it_switches_refinement_on(
    qtbot: Any, held: MainWindow
) -> None:
    qtbot.keyClick(held, Key.Key_R)
    qtbot.keyClick(held, Key.Key_C)
    assert held.desk.choices.refine
    qtbot.keyClick(held, Key.Key_R)
    assert not held.menus.actions["unrefined"].isChecked()
    assert not held.desk.comparing.on


def test_a_second_model_is_computed_beside_the_first_and_nothing_else_twice(
    qtbot: Any, held: MainWindow, rival: Rival, calls: Counter[str]
) -> None:
    held.desk.comparing.compare_models(rival)
    qtbot.waitUntil(lambda: held.player.current is not None and held.player.current.index == 40)
    assert held.player.state is State.PAUSED
    found = held.player.current.predictions
    other = found["headpose:turned"]
    assert other.values[0] == pytest.approx(found["headpose"].values[0] + TURNED, abs=1)
    assert other.tracks.tolist() == found["headpose"].tracks.tolist()
    left, right = held.desk.comparing.sides(held.player.current)
    assert (left.caption, right.caption) == ("fake-headpose 1", "turned 1")
    assert left.marks == held.player.current.marks
    assert np.abs(_axes(left.marks) - _axes(right.marks)).max() > 1
    plot = held.panels["inspector"].densities.plots[0]
    qtbot.waitUntil(lambda: plot.beside is not None)
    assert plot.other_final.value == pytest.approx(other.values[0, 0], abs=1e-3)
    values = held.panels["values"]
    values.draw()
    assert values.beside.values[-1, 0] == pytest.approx(other.values[0, 0])
    # What the others know of these frames is not asked for again.
    held.player.seek(20)
    qtbot.waitUntil(lambda: held.player.current.index == 20)
    qtbot.wait(100)
    before = calls.copy()
    held.player.seek(40)
    qtbot.waitUntil(lambda: held.player.current.index == 40)
    assert (calls - before)["detection"] <= 4
    held.panels["tasks"].box("headpose").setChecked(False)
    qtbot.waitUntil(lambda: "headpose:turned" not in held.player.current.predictions)
    held.panels["tasks"].box("headpose").setChecked(True)
    qtbot.waitUntil(lambda: "headpose:turned" in held.player.current.predictions)
    held.menus.actions["models"].trigger()
    assert not held.desk.comparing.on
    qtbot.waitUntil(lambda: held.player.current is not None and held.player.current.index == 40)
    assert set(held.player.current.predictions) == {"detection", "headpose"}


def test_an_exported_table_has_the_task_s_own_model_and_the_background_both(
    qtbot: Any, held: MainWindow, rival: Rival, tmp_path: Path
) -> None:
    held.desk.comparing.compare_models(rival)
    qtbot.waitUntil(lambda: held.player.current is not None)
    held.desk.filler.start()
    held.saves.export(tmp_path / "a.jsonl")
    held.saving.exports.join(20)
    assert "turned" not in (tmp_path / "a.jsonl").read_text("utf-8")
    qtbot.waitUntil(lambda: held.desk.filler.filling is None, timeout=20_000)
    known = held.player.record.series("headpose:turned", 1)
    assert len(known.times) == FRAMES


def test_no_folder_no_comparison(
    qtbot: Any, held: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answers: list[Path | None] = [None, tmp_path]
    monkeypatch.setattr("edgereg.app.window.asking.ask_model", lambda _: answers.pop(0))
    qtbot.keyClick(held, Key.Key_C, SHIFT)
    assert not held.menus.actions["models"].isChecked()
    qtbot.keyClick(held, Key.Key_C, SHIFT)
    qtbot.waitUntil(lambda: "not a model folder" in held.banner.message)
    held.desk.looking.choose("detection")
    held.desk.compare_with(tmp_path)
    qtbot.waitUntil(lambda: "can't stand side by side" in held.banner.message)
    assert not held.desk.comparing.on
