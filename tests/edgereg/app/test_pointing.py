"""Objects that the user draws a box round, by mouse and keys."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("PySide6")

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMessageBox

from edgereg.app.player.catalogue import Catalogue
from edgereg.app.player.focus import Followed
from edgereg.app.window import MainWindow
from edgereg.assembly import Choice, assemble
from edgereg.core import marks as m
from edgereg.core.frames import Frame
from edgereg.core.kinds import Boxes, Kinds
from edgereg.core.predictions import Predictions
from edgereg.core.regions import Prompt, Regions
from edgereg.core.settings import Settings
from edgereg.pipeline.loading import LoadedStepTask

from .conftest import FakeTask, ball, load

LEFT, SHIFT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier
KINDS: Kinds = (Boxes(),)


@dataclass
class Magnet:
    """A step task: boxes keep their size and their way to the ball."""

    name: str = "tracking"
    title: str = "What you point at"
    upstream: str | None = None

    def kinds(self, spec: Any) -> Kinds:
        return KINDS

    def open(self, model: Any, settings: Any) -> Held:
        return Held(settings)

    def marks(self, predictions: Predictions, size: tuple[int, int]) -> list[m.Mark]:
        return [m.BoxMark(box, colour=1) for box in predictions.values]


class Held:
    """Boxes by number, relative to the ball."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._boxes: dict[int, np.ndarray] = {}

    def step(self, frame: Frame, regions: Regions, prompts: Sequence[Prompt]) -> Predictions:
        centre = np.tile(ball(frame.index), 2)
        for prompt in prompts:
            self._boxes[prompt.track or 1] = np.array(prompt.box) - centre
        wanted = {prompt.track for prompt in self._settings.prompts}
        self._boxes = {number: box for number, box in self._boxes.items() if number in wanted}
        boxes = np.array([box + centre for box in self._boxes.values()], np.float32).reshape(-1, 4)
        count = len(boxes)
        return Predictions(
            "tracking",
            "magnet",
            KINDS,
            boxes,
            np.ones(count, np.float32),
            tracks=np.array(list(self._boxes), np.int64),
            states=("found",) * count,
        )

    def reset(self, why: str) -> None:
        pass


@pytest.fixture
def catalogue(detection: FakeTask) -> Catalogue:
    """The ball's detector, and a task that follows what is pointed at."""
    titles = {"detection": "Balls", "tracking": "What you point at"}
    return Catalogue((load(detection), LoadedStepTask(Magnet())), titles)


def _shown(window: MainWindow) -> int:
    return window.player.current.index if window.player.current is not None else -1


def _go(qtbot: Any, window: MainWindow, index: int) -> None:
    window.playback.seek(index)
    qtbot.waitUntil(lambda: _shown(window) == index)


def _boxes(window: MainWindow) -> dict[int, list[float]]:
    found = window.player.current.predictions.get("tracking")
    if found is None:
        return {}
    return dict(zip(found.tracks.tolist(), found.values.tolist(), strict=True))


def _drag(qtbot: Any, window: MainWindow, box: Sequence[float]) -> None:
    view, video = window.video._view, window.video
    ends = [
        QPoint(round(view.left + x * view.scale), round(view.top + y * view.scale))
        for x, y in (box[:2], box[2:])
    ]
    qtbot.mousePress(video, LEFT, pos=ends[0])
    for share in (0.3, 0.7):
        qtbot.mouseMove(video, ends[0] + (ends[1] - ends[0]) * share)
    qtbot.mouseRelease(video, LEFT, pos=ends[1])


def _about_ball(index: int, reach: float = 15) -> list[float]:
    x, y = ball(index)
    return [x - reach, y - reach, x + reach, y + reach]


@pytest.fixture
def pointed(qtbot: Any, window: MainWindow, clip: Path) -> MainWindow:
    """The window on frame 20, with a box drawn round the ball."""
    window.panels["tasks"].box("tracking").setChecked(False)
    window.open(str(clip))
    qtbot.waitUntil(lambda: _shown(window) >= 0)
    window.playback.pause()
    _go(qtbot, window, 20)
    qtbot.keyClick(window, Qt.Key.Key_T)
    _drag(qtbot, window, _about_ball(20))
    qtbot.waitUntil(lambda: bool(_boxes(window)))
    return window


def test_a_box_is_followed_from_its_frame_on(qtbot: Any, pointed: MainWindow) -> None:
    assert pointed.panels["tasks"].box("tracking").isChecked()
    assert _boxes(pointed)[1] == pytest.approx(_about_ball(20), abs=1.5)
    assert pointed.desk.looking.focus.followed == Followed("tracking", 1)
    assert pointed.desk.looking.focus.task == "tracking"
    for _ in range(3):
        qtbot.keyClick(pointed, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: _shown(pointed) == 23)
    assert _boxes(pointed)[1] == pytest.approx(_about_ball(23), abs=1.5)
    assert pointed.video._highlight.tolist() == pytest.approx(_about_ball(23), abs=1.5)


def test_a_second_box_is_another_object(qtbot: Any, pointed: MainWindow) -> None:
    qtbot.keyClick(pointed, Qt.Key.Key_T)
    _drag(qtbot, pointed, [10, 10, 40, 50])
    qtbot.waitUntil(lambda: len(_boxes(pointed)) == 2)
    assert pointed.desk.looking.focus.followed == Followed("tracking", 2)
    pointed.panels["people"].show_people(pointed.desk.looking.everybody())
    assert pointed.panels["people"].item_of(Followed("tracking", 1)) is not None
    assert pointed.panels["people"].item_of(Followed("tracking", 2)) is not None


def test_a_box_is_corrected_and_goes_on_from_there(qtbot: Any, pointed: MainWindow) -> None:
    _go(qtbot, pointed, 30)
    qtbot.keyClick(pointed, Qt.Key.Key_T, SHIFT)
    _drag(qtbot, pointed, _about_ball(30, 25))
    qtbot.waitUntil(lambda: _boxes(pointed)[1] == pytest.approx(_about_ball(30, 25), abs=1.5))
    assert list(_boxes(pointed)) == [1]
    _go(qtbot, pointed, 31)
    assert _boxes(pointed)[1] == pytest.approx(_about_ball(31, 25), abs=1.5)


def test_both_boxes_are_in_an_exported_table(
    qtbot: Any, pointed: MainWindow, clip: Path, tmp_path: Path
) -> None:
    """They are in the settings that an export is given."""
    _go(qtbot, pointed, 30)
    qtbot.keyClick(pointed, Qt.Key.Key_T, SHIFT)
    _drag(qtbot, pointed, _about_ball(30, 25))
    catalogue, table = pointed.catalogue, tmp_path / "objects.jsonl"
    settings = replace(pointed.player.settings)
    tasks = catalogue.tasks
    run = assemble(catalogue.plugins, clip, [table], Choice(), tasks=tasks, settings=settings)
    run.pipeline.run()
    assert run.finish() == []
    rows = [json.loads(line) for line in table.read_text().splitlines()]
    boxes = {
        row["frame"]: [row["values"][name] for name in ("x1", "y1", "x2", "y2")]
        for row in rows
        if row["task"] == "tracking"
    }
    assert min(boxes) == 20
    for frame, reach in ((25, 15), (35, 25)):
        assert boxes[frame] == pytest.approx(_about_ball(frame, reach), abs=1.5)


def test_the_last_drawn_box_of_a_frame_counts(qtbot: Any, pointed: MainWindow) -> None:
    qtbot.keyClick(pointed, Qt.Key.Key_T, SHIFT)
    _drag(qtbot, pointed, _about_ball(20, 22))
    qtbot.waitUntil(lambda: _boxes(pointed)[1] == pytest.approx(_about_ball(20, 22), abs=1.5))
    assert len(pointed.player.settings.prompts) == 1


def test_an_object_is_taken_back(qtbot: Any, pointed: MainWindow) -> None:
    qtbot.keyClick(pointed, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: not _boxes(pointed))
    assert pointed.player.settings.prompts == ()
    pointed.panels["people"].show_people(pointed.desk.looking.everybody())
    assert pointed.panels["people"].item_of(Followed("tracking", 1)) is None
    assert pointed.desk.looking.focus.followed != Followed("tracking", 1)


def test_without_an_object_there_is_nothing_to_correct(
    qtbot: Any, window: MainWindow, clip: Path
) -> None:
    window.open(str(clip))
    qtbot.waitUntil(lambda: _shown(window) >= 0)
    qtbot.keyClick(window, Qt.Key.Key_T, SHIFT)
    assert "first click an object" in window.banner.message
    assert not window.video.draws_box


def test_a_click_draws_no_box_and_t_again_lets_it_be(qtbot: Any, pointed: MainWindow) -> None:
    qtbot.keyClick(pointed, Qt.Key.Key_T)
    _drag(qtbot, pointed, [100, 100, 100.5, 100.5])
    assert not pointed.video.draws_box
    qtbot.keyClick(pointed, Qt.Key.Key_T)
    qtbot.keyClick(pointed, Qt.Key.Key_T)
    assert not pointed.video.draws_box
    assert len(pointed.player.settings.prompts) == 1


def test_boxes_and_marks_are_not_thrown_away_unasked(
    qtbot: Any, pointed: MainWindow, clip: Path, tmp_path: Path
) -> None:
    """They are of this source: closing it and opening it again keeps them."""
    qtbot.keyClick(pointed, Qt.Key.Key_M)
    pointed.close_source()
    pointed.open(str(clip))
    assert not pointed.findChildren(QMessageBox)
    qtbot.waitUntil(lambda: pointed.player.current is not None)
    assert (len(pointed.player.settings.prompts), pointed.playback.marks) == (1, [20])
    pointed.close()
    assert pointed.isVisible()
    assert _asked(pointed) == ["boxes that you drew, and that are in no file: 1", MARKS]
    qtbot.keyClick(pointed.findChildren(QMessageBox)[-1], Qt.Key.Key_Return)
    assert pointed.isVisible()
    # A table has the boxes, not the marks.
    pointed.saves.export(tmp_path / "objects.jsonl")
    pointed.open(str(tmp_path / "missing.mp4"))
    assert _asked(pointed) == [MARKS]
    pointed.saving.exports.join(20)
    qtbot.waitUntil(lambda: not pointed.saving.busy)
    pointed.open(str(tmp_path / "missing.mp4"))
    assert _asked(pointed) == [MARKS]
    box = pointed.findChildren(QMessageBox)[-1]
    next(b for b in box.buttons() if b.text() == "Leave it").click()
    assert pointed.player.settings.prompts == ()
    assert pointed.playback.marks == []
    pointed.close()
    assert not pointed.isVisible()


MARKS = "marks that would be forgotten: 1"


def _asked(window: MainWindow) -> list[str]:
    return window.findChildren(QMessageBox)[-1].informativeText().splitlines()
