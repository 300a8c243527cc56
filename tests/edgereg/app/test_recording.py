"""Recording what a camera shows: nothing is lost, and nothing that goes wrong stops the picture."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("PySide6")

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QMessageBox

from edgereg.app.panels.save_dialog import ANNOTATED, Pictures, SaveDialog
from edgereg.app.player import player as player_module
from edgereg.app.player.state import State
from edgereg.app.window import MainWindow
from edgereg.blurring import Blur
from edgereg.core.frames import Frame, SourceInfo
from edgereg.sinks import space
from edgereg.sources.open import open_source

from .conftest import HEIGHT, WIDTH, ball


class Camera:
    """The ball, live: about 50 frames a second, from an index and a time that are far on."""

    def __init__(self) -> None:
        self.info = SourceInfo("camera 7", WIDTH, HEIGHT, 50.0, None, seekable=False, live=True)
        self.warnings: tuple[str, ...] = ()
        self._closed = threading.Event()

    def frames(self) -> Iterator[Frame]:
        index = 1000
        while not self._closed.wait(0.02):
            image = np.full((HEIGHT, WIDTH, 3), 40, np.uint8)
            centre = tuple(round(v) for v in ball(index % 120))
            cv2.circle(image, centre, 20, (240, 200, 90), cv2.FILLED)
            yield Frame(index, index / 50, image)
            index += 1

    def seek(self, index: int) -> None:
        raise AssertionError

    def close(self) -> None:
        self._closed.set()


@pytest.fixture
def filmed(qtbot: Any, window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    """The window, with the camera open."""
    monkeypatch.setattr(player_module, "open_request", lambda plugins, request: Camera())
    window.open("7")
    qtbot.waitUntil(lambda: window.player.current is not None)
    return window


def _record(
    qtbot: Any, window: MainWindow, target: Path, pictures: Pictures = ANNOTATED, frames: int = 8
) -> None:
    window.saves.record(target, pictures)
    qtbot.waitUntil(lambda: window.player.recording.state.frames >= frames)


def _stop(qtbot: Any, window: MainWindow) -> None:
    window.menus.actions["record"].trigger()
    qtbot.waitUntil(lambda: not window.saving.busy)


def _table(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_recordings_can_be_saved_and_cameras_recorded(filmed: MainWindow) -> None:
    actions = filmed.menus.actions
    assert actions["record"].isEnabled()
    assert not actions["save_video"].isEnabled()


def test_a_recording_can_only_be_saved(qtbot: Any, window: MainWindow, clip: Path) -> None:
    window.open(str(clip))
    qtbot.waitUntil(lambda: window.player.current is not None)
    assert not window.menus.actions["record"].isEnabled()


def test_video_and_table_go_together(qtbot: Any, filmed: MainWindow, tmp_path: Path) -> None:
    _record(qtbot, filmed, tmp_path / "take.mp4")
    row = filmed.saving.row(filmed.player.recording)
    assert "recording" in row.words.text()
    assert filmed.menus.actions["record"].text() == "Stop &recording"
    _stop(qtbot, filmed)
    assert "Recorded" in filmed.banner.message
    assert filmed.player.state is State.PLAYING
    source = open_source(tmp_path / "take.mp4")
    pictures = list(source.frames())
    source.close()
    poses = [row for row in _table(tmp_path / "take.jsonl") if row.get("task") == "headpose"]
    assert [row["frame"] for row in poses] == list(range(len(pictures)))
    assert poses[0]["time_s"] == 0
    assert poses[-1]["time_s"] == pytest.approx(pictures[-1].time_s, abs=0.05)
    # The blue of the box, which the camera's picture lacks.
    reds, blues = (pictures[4].image[..., k].astype(int) for k in (0, 2))
    assert (blues - reds > 60).sum() > 50
    assert filmed.menus.actions["record"].text() == "&Record…"


def test_heads_are_covered_as_they_come(qtbot: Any, filmed: MainWindow, tmp_path: Path) -> None:
    _record(qtbot, filmed, tmp_path / "take.mp4", Pictures(False, Blur("box")))
    _stop(qtbot, filmed)
    source = open_source(tmp_path / "take.mp4")
    assert max(frame.image.max() for frame in source.frames()) < 130
    source.close()


def test_the_name_is_proposed_and_taken_by_keyboard(
    qtbot: Any, filmed: MainWindow, tmp_path: Path
) -> None:
    qtbot.keyClick(filmed, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    dialog = filmed.findChild(SaveDialog)
    assert Path(dialog.place.text()).name.startswith("camera-7-")
    dialog.place.setText(str(tmp_path / "mine.mp4"))
    save = dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Save)
    qtbot.mouseClick(save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: filmed.player.recording.state.frames >= 3)
    qtbot.mouseClick(filmed.saving.row(filmed.player.recording).button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not filmed.saving.busy)
    assert {path.name for path in tmp_path.iterdir()} >= {"mine.mp4", "mine.jsonl"}


def test_a_folder_that_vanishes_is_said_and_playing_goes_on(
    qtbot: Any, filmed: MainWindow, tmp_path: Path
) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    _record(qtbot, filmed, folder / "take.mp4")
    shutil.rmtree(folder)
    qtbot.waitUntil(lambda: bool(filmed.banner.message))
    assert "folder is gone" in filmed.banner.message
    qtbot.waitUntil(lambda: filmed.player.recording is None)
    assert filmed.player.state is State.PLAYING
    before = filmed.player.current.index
    qtbot.waitUntil(lambda: filmed.player.current.index > before + 3)


def test_a_full_disk_is_said_and_what_was_written_stays(
    qtbot: Any, filmed: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _record(qtbot, filmed, tmp_path / "take.mp4")
    monkeypatch.setattr(space, "RESERVE", 2**62)
    qtbot.waitUntil(lambda: "nearly full" in filmed.banner.message)
    assert filmed.player.state is State.PLAYING
    source = open_source(tmp_path / "take.mp4")
    assert len(list(source.frames())) >= 8
    source.close()
    assert _table(tmp_path / "take.jsonl")


def test_a_place_that_cannot_be_written_is_said(
    qtbot: Any, filmed: MainWindow, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("a file is no folder")
    filmed.saves.record(tmp_path / "file" / "take.mp4")
    qtbot.waitUntil(lambda: bool(filmed.banner.message))
    assert "take" in filmed.banner.message
    qtbot.waitUntil(lambda: filmed.player.recording is None)
    assert filmed.player.state is State.PLAYING


def test_another_source_asks_and_the_recording_ends_whole(
    qtbot: Any, filmed: MainWindow, tmp_path: Path
) -> None:
    _record(qtbot, filmed, tmp_path / "take.mp4")
    recording = filmed.player.recording
    filmed.open("8")
    box = filmed.findChildren(QMessageBox)[-1]
    qtbot.keyClick(box, Qt.Key.Key_Escape)
    assert filmed.player.recording is recording
    filmed.open("8")
    box = filmed.findChildren(QMessageBox)[-1]
    next(b for b in box.buttons() if b.text() == "Leave it").click()
    recording.join(10)
    assert recording.state.ended
    assert recording.state.problem == ""
    source = open_source(tmp_path / "take.mp4")
    assert len(list(source.frames())) == recording.state.frames
    source.close()


def test_closing_asks_and_finishes_the_recording(
    qtbot: Any, filmed: MainWindow, tmp_path: Path
) -> None:
    _record(qtbot, filmed, tmp_path / "take.mp4")
    filmed.close()
    assert filmed.isVisible()
    assert "take.mp4 is being recorded" in filmed.findChildren(QMessageBox)[-1].informativeText()
    filmed.leave()
    filmed.saving.join(10)
    assert len(_table(tmp_path / "take.jsonl")) > 0
    assert (tmp_path / "take.mp4").exists()


def test_frames_that_a_slow_disk_cannot_take_are_counted(
    qtbot: Any, filmed: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgereg.app.player import recording

    held = threading.Event()
    monkeypatch.setattr(recording, "_MOST_WAITING", 4)
    monkeypatch.setattr(recording, "paint", lambda image, marks: (held.wait(20), image)[1])
    filmed.saves.record(tmp_path / "take.mp4")
    taken = filmed.player.recording
    qtbot.waitUntil(lambda: taken.state.lost > 3)
    qtbot.waitUntil(lambda: "left out" in filmed.saving.row(taken).words.text())
    held.set()
    _stop(qtbot, filmed)
    frames = {row["frame"] for row in _table(tmp_path / "take.jsonl")}
    assert frames == set(range(taken.state.frames))
