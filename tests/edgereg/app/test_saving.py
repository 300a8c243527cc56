"""Saving videos and tables from the window: one after the other, and never lost unasked."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("PySide6")

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QMessageBox

from edgereg.app.panels.save_dialog import Pictures, SaveDialog
from edgereg.app.player.exports import Stage
from edgereg.app.player.state import State
from edgereg.app.window import MainWindow
from edgereg.blurring import Blur
from edgereg.sources.open import open_source

from .conftest import write_clip

COUNT = 40


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ball, for a shorter time."""
    return write_clip(tmp_path_factory.mktemp("short") / "ball.avi", COUNT)


def _open(qtbot: Any, window: MainWindow, clip: Path) -> None:
    window.open(str(clip))
    qtbot.waitUntil(lambda: window.player.current is not None)
    window.player.pause()


def _stages(window: MainWindow) -> list[Stage]:
    return [row.stage for row in window.saving.exports.rows()]


def _finish(qtbot: Any, window: MainWindow) -> None:
    """Wait until everything has ended, and the panel shows it."""
    window.saving.exports.join(20)
    qtbot.waitUntil(lambda: not window.saving.busy)


def _question(window: MainWindow) -> QMessageBox:
    return window.findChildren(QMessageBox)[-1]


def _agree(window: MainWindow) -> None:
    box = _question(window)
    roles = {box.buttonRole(button): button for button in box.buttons()}
    roles[QMessageBox.ButtonRole.DestructiveRole].click()


def test_a_table_holds_every_frame(
    qtbot: Any, window: MainWindow, clip: Path, tmp_path: Path
) -> None:
    _open(qtbot, window, clip)
    target = tmp_path / "poses.jsonl"
    window.saves.export(target)
    assert window.saving.isVisible()
    _finish(qtbot, window)
    assert str(target) in window.banner.message
    records = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    frames = {record["frame"] for record in records if record.get("task") == "headpose"}
    assert frames == set(range(COUNT))
    window.saving.row(1).button.click()
    assert not window.saving.isVisible()


def test_a_video_is_annotated(qtbot: Any, window: MainWindow, clip: Path, tmp_path: Path) -> None:
    _open(qtbot, window, clip)
    target = tmp_path / "annotated.mp4"
    window.saves.export(target)
    _finish(qtbot, window)
    assert str(target) in window.banner.message
    source = open_source(target)
    frames = list(source.frames())
    source.close()
    assert len(frames) == COUNT
    # The blue of the box, which the clip itself lacks.
    reds, blues = frames[10].image[..., 0].astype(int), frames[10].image[..., 2].astype(int)
    assert (blues - reds > 60).sum() > 50


def test_the_player_goes_on_during_an_export(
    qtbot: Any, window: MainWindow, clip: Path, tmp_path: Path
) -> None:
    _open(qtbot, window, clip)
    window.saves.export(tmp_path / "a.jsonl")
    window.player.pause()
    window.player.seek(5)
    qtbot.waitUntil(lambda: window.player.current.index == 5)
    _finish(qtbot, window)
    assert window.player.state is State.PAUSED


def test_a_cancelled_table_is_whole(
    qtbot: Any, window: MainWindow, clip: Path, tmp_path: Path, headpose: Any
) -> None:
    _open(qtbot, window, clip)
    headpose.delay_s = 0.1
    target = tmp_path / "part.jsonl"
    window.saves.export(target)
    qtbot.waitUntil(lambda: target.exists() and target.stat().st_size > 0, timeout=8000)
    qtbot.mouseClick(window.saving.row(1).button, Qt.MouseButton.LeftButton)
    _agree(window)
    _finish(qtbot, window)
    assert _stages(window) == [Stage.CANCELLED]
    assert "cancelled" in window.banner.message
    lines = target.read_text(encoding="utf-8").splitlines()
    assert 0 < len(lines) < 2 * COUNT
    assert all(json.loads(line) for line in lines)


@pytest.mark.parametrize("name", ["no/such\0folder.jsonl", "poses.docx"])
def test_an_impossible_target_is_said_in_the_banner(
    qtbot: Any, window: MainWindow, clip: Path, tmp_path: Path, name: str
) -> None:
    _open(qtbot, window, clip)
    window.saves.export(tmp_path / name)
    _finish(qtbot, window)
    assert window.banner.message
    assert "\n" not in window.banner.message


def test_the_source_is_not_overwritten(qtbot: Any, window: MainWindow, clip: Path) -> None:
    before = clip.read_bytes()
    _open(qtbot, window, clip)
    window.saves.export(clip)
    qtbot.waitUntil(lambda: "is the source itself" in window.banner.message)
    assert clip.read_bytes() == before


def test_a_second_file_waits_for_the_first(
    qtbot: Any, window: MainWindow, clip: Path, tmp_path: Path, headpose: Any
) -> None:
    _open(qtbot, window, clip)
    headpose.delay_s = 0.05
    window.saves.export(tmp_path / "a.mp4")
    window.saves.export(tmp_path / "b.jsonl")
    window.saves.export(tmp_path / "c.csv")
    qtbot.waitUntil(lambda: _stages(window)[0] is Stage.RUNNING)
    assert _stages(window)[1:] == [Stage.WAITING] * 2
    assert "waits" in window.saving.row(2).words.text()
    # One that waits has nothing to lose, and is taken off at once.
    qtbot.mouseClick(window.saving.row(2).button, Qt.MouseButton.LeftButton)
    assert not window.findChildren(QMessageBox)
    headpose.delay_s = 0.0
    _finish(qtbot, window)
    assert _stages(window) == [Stage.DONE, Stage.CANCELLED, Stage.DONE]
    assert {path.name for path in tmp_path.iterdir()} >= {"a.mp4", "c.csv"}
    assert not (tmp_path / "b.jsonl").exists()


def test_the_same_file_is_not_queued_twice(
    qtbot: Any, window: MainWindow, clip: Path, tmp_path: Path, headpose: Any
) -> None:
    _open(qtbot, window, clip)
    headpose.delay_s = 0.05
    window.saves.export(tmp_path / "a.jsonl")
    window.saves.export(tmp_path / "a.jsonl")
    assert "is being saved already" in window.banner.message
    assert len(_stages(window)) == 1


def test_closing_asks_first_and_enter_goes_on(
    qtbot: Any, window: MainWindow, clip: Path, tmp_path: Path, headpose: Any
) -> None:
    _open(qtbot, window, clip)
    headpose.delay_s = 0.1
    target = tmp_path / "a.jsonl"
    window.saves.export(target)
    window.saves.export(tmp_path / "b.jsonl")
    qtbot.waitUntil(lambda: target.exists() and target.stat().st_size > 0, timeout=8000)
    qtbot.keyClick(window, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    assert window.isVisible()
    assert _question(window).informativeText().splitlines() == [
        "a.jsonl is not saved yet",
        "b.jsonl is not saved yet",
    ]
    qtbot.keyClick(_question(window), Qt.Key.Key_Return)
    assert window.isVisible()
    assert _stages(window)[0] is Stage.RUNNING
    qtbot.waitUntil(lambda: not window.findChildren(QMessageBox))
    window.close()
    _agree(window)
    assert not window.isVisible()
    window.saving.exports.join(5)
    assert _stages(window) == [Stage.CANCELLED] * 2
    assert all(json.loads(line) for line in target.read_text(encoding="utf-8").splitlines())
    assert not (tmp_path / "b.jsonl").exists()


def test_closing_asks_nothing_where_nothing_is_lost(window: MainWindow) -> None:
    window.close()
    assert not window.isVisible()


def test_another_source_stops_no_export(
    qtbot: Any, window: MainWindow, clip: Path, tmp_path: Path, headpose: Any
) -> None:
    _open(qtbot, window, clip)
    headpose.delay_s = 0.01
    target = tmp_path / "a.jsonl"
    window.saves.export(target)
    window.open(str(clip))
    window.panels["tasks"].box("headpose").setChecked(False)
    _finish(qtbot, window)
    assert _stages(window) == [Stage.DONE]
    tasks = {json.loads(line).get("task") for line in target.read_text("utf-8").splitlines()}
    # What was on when it was asked for.
    assert tasks == {"detection", "headpose"}


def test_a_task_that_is_off_is_not_in_the_table(
    qtbot: Any, window: MainWindow, clip: Path, tmp_path: Path
) -> None:
    _open(qtbot, window, clip)
    window.panels["tasks"].box("headpose").setChecked(False)
    window.saves.export(tmp_path / "a.csv")
    _finish(qtbot, window)
    header = (tmp_path / "a.csv").read_text("utf-8").splitlines()[0]
    assert "x1" in header
    assert "yaw" not in header


def _pictures(path: Path) -> list[Any]:
    source = open_source(path)
    frames = [frame.image.astype(int) for frame in source.frames()]
    source.close()
    return frames


def test_a_video_without_marks_is_as_recorded(
    qtbot: Any, window: MainWindow, clip: Path, tmp_path: Path
) -> None:
    _open(qtbot, window, clip)
    window.saves.export(tmp_path / "plain.mp4", Pictures(marks=False))
    _finish(qtbot, window)
    before, after = _pictures(clip), _pictures(tmp_path / "plain.mp4")
    assert len(after) == COUNT
    assert max(np.abs(a - b).mean() for a, b in zip(before, after, strict=True)) < 4


def test_heads_are_covered_and_counted(
    qtbot: Any, window: MainWindow, clip: Path, tmp_path: Path
) -> None:
    _open(qtbot, window, clip)
    window.panels["tasks"].box("detection").setChecked(False)
    window.saves.export(tmp_path / "nobody.mp4", Pictures(False, Blur("box")))
    _finish(qtbot, window)
    assert f"{COUNT} heads covered in {COUNT} frames" in window.banner.message
    after = _pictures(tmp_path / "nobody.mp4")
    assert len(after) == COUNT
    # Nothing of the bright ball is left.
    assert max(picture.max() for picture in after) < 130


def test_the_dialog_saves_what_was_chosen_by_keyboard(
    qtbot: Any, window: MainWindow, clip: Path, tmp_path: Path
) -> None:
    _open(qtbot, window, clip)
    qtbot.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    dialog = window.findChild(SaveDialog)
    assert dialog.isVisible()
    assert dialog.place.text().endswith("ball-edgereg.mp4")
    dialog.place.selectAll()
    qtbot.keyClicks(dialog.place, str(tmp_path / "chosen.mp4"))
    for _ in range(4):
        qtbot.keyClick(dialog.shows, Qt.Key.Key_Down)
    assert "black" in dialog.shows.currentText()
    if folder := os.environ.get("EDGEREG_PICTURES"):
        dialog.grab().save(str(Path(folder) / "save-dialog.png"))
    save = dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Save)
    qtbot.mouseClick(save, Qt.MouseButton.LeftButton)
    _finish(qtbot, window)
    assert (tmp_path / "chosen.mp4").exists()
    assert "heads covered" in window.banner.message


def test_a_picture_of_the_list(
    qtbot: Any, window: MainWindow, clip: Path, tmp_path: Path, headpose: Any
) -> None:
    """The picture is kept where EDGEREG_PICTURES names a folder."""
    _open(qtbot, window, clip)
    window.saves.export(tmp_path / "done.csv")
    _finish(qtbot, window)
    headpose.delay_s = 0.05
    window.saves.export(tmp_path / "running.mp4")
    window.saves.export(tmp_path / "waiting.jsonl")
    qtbot.waitUntil(lambda: window.saving.exports.rows()[1].done > 8, timeout=8000)
    qtbot.waitUntil(lambda: "%" in window.saving.row(2).count.text())
    picture = window.grab().toImage()
    assert window.saving.height() > 90
    if folder := os.environ.get("EDGEREG_PICTURES"):
        picture.save(str(Path(folder) / "saving.png"))
    window.leave()
