"""Models and how they run, chosen while the window is open."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("PySide6")

from PySide6.QtCore import QMimeData, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QDropEvent

from edgereg.app.habits import Habits, write_habits
from edgereg.app.player.catalogue import Catalogue, load_catalogue
from edgereg.app.player.state import State
from edgereg.app.window import MainWindow
from edgereg.assembly import Choice
from edgereg.core.errors import EngineError

from .conftest import FakeEngine, FakeTask, load


@pytest.fixture
def calls() -> Counter[str]:
    """How often each task's model was run."""
    return Counter()


@pytest.fixture
def chosen() -> list[Choice]:
    """What models were loaded with."""
    return []


@pytest.fixture
def loader(
    calls: Counter[str], chosen: list[Choice], detection: FakeTask, headpose: FakeTask
) -> Callable[[Choice], Catalogue]:
    """Loads tasks that count, and with the engine 'broken' nothing."""

    def load_counting(choice: Choice) -> Catalogue:
        chosen.append(choice)
        titles = {"detection": "Balls", "headpose": "Pose of balls"}
        if choice.engine == "broken":
            return Catalogue((), titles, dict.fromkeys(titles, str(EngineError("it is broken"))))

        def counting(task: FakeTask) -> Any:
            loaded = load(task)

            def run(inputs: Any) -> Any:
                calls[task.name] += 1
                return loaded.predict.run(inputs)

            return replace(loaded, predict=FakeEngine(run, loaded.predict.inputs))

        return Catalogue((counting(detection), counting(headpose)), titles)

    return load_counting


@pytest.fixture
def choosy(start: Callable[..., MainWindow], loader: Callable[[Choice], Catalogue]) -> MainWindow:
    """The window with these tasks, and its settings shown."""
    window = start(loader)
    window.show_panel("settings")
    return window


def _open(qtbot: Any, window: MainWindow, clip: Path) -> None:
    window.open(str(clip))
    qtbot.waitUntil(lambda: window.player.current is not None)


def test_a_task_that_is_off_runs_no_model(
    qtbot: Any, choosy: MainWindow, clip: Path, calls: Counter[str]
) -> None:
    choosy.desk.choices.switch_task("headpose", on=False)
    _open(qtbot, choosy, clip)
    qtbot.waitUntil(lambda: choosy.player.current.index > 10)
    assert calls["detection"] > 10
    assert calls["headpose"] == 0
    # What another one stands on runs, though it is not drawn.
    choosy.desk.choices.switch_task("headpose", on=True)
    choosy.desk.choices.switch_task("detection", on=False)
    qtbot.waitUntil(lambda: calls["headpose"] > 5)


def test_a_change_is_taken_while_it_stands_still(
    qtbot: Any, choosy: MainWindow, clip: Path, chosen: list[Choice]
) -> None:
    _open(qtbot, choosy, clip)
    choosy.player.pause()
    choosy.player.seek(40)
    qtbot.waitUntil(lambda: choosy.player.current.index == 40)
    before = choosy.player.current
    panel = choosy.panels["settings"]
    panel.every.setFocus()
    panel.every.selectAll()
    qtbot.keyClicks(panel.every, "3")
    panel.fov.setValue(60)
    qtbot.waitUntil(lambda: len(chosen) == 2)
    assert (chosen[-1].detect_every, chosen[-1].fov) == (3, 60)
    qtbot.waitUntil(
        lambda: choosy.player.current is not None and choosy.player.current is not before
    )
    assert choosy.player.current.index == 40
    assert choosy.player.state is State.PAUSED
    assert choosy.player.settings.detect_every == 3
    assert panel.note.text() == ""
    assert choosy.desk.choices.off == frozenset()


def test_how_often_heads_are_detected_changes_without_loading(
    qtbot: Any, choosy: MainWindow, clip: Path, chosen: list[Choice], calls: Counter[str]
) -> None:
    _open(qtbot, choosy, clip)
    choosy.player.pause()
    memo = choosy.player.memo
    choosy.panels["settings"].every.setValue(4)
    qtbot.waitUntil(lambda: choosy.player.settings.detect_every == 4)
    qtbot.waitUntil(lambda: choosy.player.current is not None)
    assert len(chosen) == 1
    assert choosy.player.memo is memo


def test_what_does_not_work_is_said_in_a_line_and_the_rest_stays(
    qtbot: Any, choosy: MainWindow, clip: Path, chosen: list[Choice]
) -> None:
    _open(qtbot, choosy, clip)
    panel = choosy.panels["settings"]
    panel.engine.addItem("broken", "broken")
    panel.engine.setCurrentIndex(panel.engine.findData("broken"))
    panel.engine.activated.emit(0)
    qtbot.waitUntil(lambda: panel.note.text() == "it is broken")
    assert choosy.banner.message == "it is broken"
    assert panel.engine.currentData() == "auto"
    assert choosy.desk.choice.engine == "auto"
    assert choosy.player.state is State.PLAYING
    assert choosy.catalogue.tasks


def test_a_folder_that_is_no_model_is_said(qtbot: Any, choosy: MainWindow, tmp_path: Path) -> None:
    panel = choosy.panels["settings"]
    panel.model.setText(str(tmp_path))
    qtbot.keyClick(panel.model, Qt.Key.Key_Return)
    assert "this is not a model folder" in panel.note.text()
    assert panel.model.text() == ""


def test_steps_are_set_at_once(
    qtbot: Any, choosy: MainWindow, clip: Path, chosen: list[Choice]
) -> None:
    choosy.panels["settings"].steps.setValue(2)
    _open(qtbot, choosy, clip)
    assert choosy.player.current.predictions["headpose"].refinement.energy.shape[1] == 3
    assert len(chosen) == 1


def test_a_recording_is_not_cut_by_a_change(
    qtbot: Any, choosy: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choosy.player, "recording", object())
    choosy.desk.choose(Choice(engine="cpu"))
    monkeypatch.undo()
    assert "recording is under way" in choosy.panels["settings"].note.text()
    assert choosy.desk.choice.engine == "auto"


def _drop(window: MainWindow, place: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(place))])
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(50, 50), copy, mime, left, none))


@pytest.fixture(scope="module")
def load_once() -> Callable[[Choice], Catalogue]:
    """Loads what is bundled, and nothing a second time."""
    pytest.importorskip("onnxruntime")
    return lru_cache(load_catalogue)


@pytest.fixture
def real(start: Callable[..., MainWindow], load_once: Callable[[Choice], Catalogue]) -> MainWindow:
    """The window with what is bundled, head pose alone on."""
    return start(load_once, Choice(engine="cpu", tasks=("headpose",)))


def test_a_model_folder_that_is_dropped_opens_as_a_task(
    qtbot: Any, real: MainWindow, tmp_path: Path
) -> None:
    import shutil

    age = next(each for each in real.catalogue.tasks if each.name == "age")
    assert "age" in real.desk.choices.off
    mine = shutil.copytree(age.model.path, tmp_path / "mine")
    _drop(real, mine)
    qtbot.waitUntil(lambda: real.desk.choice.models == (mine,), timeout=60_000)
    assert "age" not in real.desk.choices.off
    assert real.desk.looking.focus.task == "age"
    loaded = next(each for each in real.catalogue.tasks if each.name == "age")
    assert loaded.model.path == mine
    # Damaged meanwhile: the old one stays.
    (mine / "model.json").write_text("{}")
    _drop(real, mine)
    assert "model.json" in real.banner.message
    assert real.desk.choice.models == (mine,)


def test_what_the_command_line_chose_is_taken(real: MainWindow) -> None:
    on = {each.name for each in real.catalogue.tasks} - real.desk.choices.off
    assert on == {"headpose", "detection"}


def test_the_threshold_changes_without_loading(qtbot: Any, real: MainWindow) -> None:
    def detection() -> Any:
        return next(each for each in real.catalogue.tasks if each.name == "detection")

    engine, memo = detection().predict, real.player.memo
    own = dict(detection().spec.settings)
    real.panels["settings"].threshold.setValue(0.9)
    qtbot.waitUntil(lambda: detection().spec.settings["score_threshold"] == 0.9)
    large = detection().spec.settings["large_score_threshold"]
    assert large == pytest.approx(own["large_score_threshold"] * 0.9 / own["score_threshold"])
    assert detection().predict is engine
    assert real.player.memo is not memo
    real.panels["settings"].threshold.setValue(0.0)
    qtbot.waitUntil(lambda: detection().spec.settings == own)


def test_the_first_frames_in_real_time(
    qtbot: Any,
    start: Callable[..., MainWindow],
    detection: FakeTask,
    headpose: FakeTask,
    clip: Path,
    tmp_path: Path,
) -> None:
    """`--limit 12 --realtime`: all that is played, sought, computed and saved is of 12 frames."""
    titles = {"detection": "Balls", "headpose": "Pose of balls"}
    catalogue = Catalogue((load(detection), load(headpose)), titles)
    window = start(catalogue, Choice(limit=12, realtime=True))
    assert window.playback.skips
    window.open(str(clip))
    qtbot.waitUntil(lambda: window.player.state is State.ENDED)
    assert window.player.current.index == 11
    assert window.transport.slider.maximum() == 11
    window.player.seek(90)
    qtbot.waitUntil(lambda: window.player.state is State.PAUSED)
    assert window.player.index == 11
    window.desk.filler.start()
    window.saves.export(tmp_path / "a.jsonl")
    qtbot.waitUntil(lambda: window.desk.filler.filling is None and not window.saving.busy)
    assert len(window.player.record.series("headpose", 1).times) == 12
    lines = (tmp_path / "a.jsonl").read_text("utf-8").splitlines()
    assert {json.loads(line)["frame"] for line in lines} == set(range(12))


def test_what_was_chosen_survives_a_restart_and_the_command_line_goes_before_it_once(
    qtbot: Any,
    choosy: MainWindow,
    start: Callable[..., MainWindow],
    loader: Callable[[Choice], Catalogue],
    chosen: list[Choice],
) -> None:
    panel = choosy.panels["settings"]
    panel.engine.addItem("cpu", "cpu")
    panel.engine.setCurrentIndex(panel.engine.findData("cpu"))
    panel.precision.setCurrentIndex(panel.precision.findData("fp16"))
    panel.threshold.setValue(0.8)
    panel.every.setValue(4)
    panel.steps.setValue(7)
    qtbot.waitUntil(lambda: choosy.desk.choice.detect_every == 4)
    choosy.panels["tasks"].box("headpose").setChecked(False)
    chosen.clear()
    again = start(loader)
    (used,) = chosen
    assert (used.engine, used.precision, used.threshold, used.detect_every) == (
        "cpu",
        "fp16",
        0.8,
        4,
    )
    assert again.desk.choice == used
    assert again.desk.choices.steps == 7
    assert again.desk.choices.off == {"headpose"}
    assert again.player.settings.detect_every == 4
    assert not again.desk.messages.history
    # Not switched off anew by what is loaded later.
    again.panels["tasks"].box("headpose").setChecked(True)
    again.desk.choose(replace(used, engine="auto"))
    qtbot.waitUntil(lambda: again.desk.choice.engine == "auto")
    assert again.desk.choices.off == frozenset()
    start(loader, Choice(engine="cpu", steps=3))
    assert (chosen[-1].engine, chosen[-1].threshold) == ("cpu", 0.8)
    once = start(loader)
    assert (once.desk.choice.engine, once.desk.choices.steps) == ("auto", 7)


def test_what_does_not_work_any_more_is_said_and_as_usual(
    start: Callable[..., MainWindow],
    loader: Callable[[Choice], Catalogue],
    tmp_path: Path,
) -> None:
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    gone = tmp_path / "gone"
    write_habits(settings, Habits(language="de", engine="broken", models=(gone,), speed=2.0))
    settings.sync()
    window = start(loader)
    said = [message.text for message in window.desk.messages.history]
    assert any("diesen Modellordner gibt es nicht mehr" in line for line in said)
    assert any("gehen nicht mehr" in line and "it is broken" in line for line in said)
    assert {each.name for each in window.catalogue.tasks} == {"detection", "headpose"}
    assert (window.desk.choice.engine, window.desk.choice.models) == ("auto", ())
    assert window.playback.speed == 2.0
    window = start(loader)
    assert not window.desk.messages.history
    window.leave()
    settings.setValue("habits", '{"threshold": 7, "speed": 0.5}')
    settings.sync()
    window = start(loader)
    (said,) = [message.text for message in window.desk.messages.history]
    assert "'threshold'" in said
    assert window.playback.speed == 0.5
