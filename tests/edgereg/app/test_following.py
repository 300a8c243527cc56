"""Following a person by mouse and keys, on a clip in which two balls cross."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("PySide6")

from PySide6.QtCore import QPoint, Qt

from edgereg.app.player.catalogue import Catalogue
from edgereg.app.player.focus import Followed
from edgereg.app.window import MainWindow
from edgereg.core.predictions import Predictions

from .conftest import FPS, FRAMES, HEIGHT, WIDTH, FakeTask, load

LEFT = Qt.MouseButton.LeftButton
RED, BLUE, RADIUS = (230, 60, 40), (40, 80, 240), 20
# In these frames one ball hides the other.
CROSSING = range(52, 68)


def _place(colour: tuple[int, int, int], index: int) -> tuple[int, int]:
    """Red goes right, blue left."""
    way = round(2.0 * index)
    return (40 + way if colour == RED else 280 - way), 90


def _frame(index: int) -> np.ndarray:
    """RGB; red lies before blue."""
    image = np.full((HEIGHT, WIDTH, 3), 40, np.uint8)
    for colour in (BLUE, RED):
        cv2.circle(image, _place(colour, index), RADIUS, colour, cv2.FILLED)
    return image


@pytest.fixture(scope="module")
def crossing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two balls that cross: 120 frames, 25 a second."""
    path = tmp_path_factory.mktemp("crossing") / "balls.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (WIDTH, HEIGHT))
    for index in range(FRAMES):
        writer.write(cv2.cvtColor(_frame(index), cv2.COLOR_RGB2BGR))
    writer.release()
    return path


@dataclass
class Balls(FakeTask):
    """Finds each ball by its colour, from left to right, unless little is seen of it."""

    def conclude(self, proposal: Any, refinement: Any, prepared: Any, spec: Any) -> Predictions:
        boxes = proposal.features["goal"]
        scores = np.full(len(boxes), 0.9, np.float32)
        return Predictions(self.name, spec.name, self.kinds(spec), boxes, scores, boxes)


@dataclass
class Pose(FakeTask):
    """The pose's yaw tells the colour: that of red is 50, that of blue -50."""

    def conclude(self, proposal: Any, refinement: Any, prepared: Any, spec: Any) -> Predictions:
        values = np.array([[_yaw(image, box), 0, 0] for image, box in self.seen], np.float32)
        count = len(values)
        scores = np.full(count, 0.9, np.float32)
        kinds = self.kinds(spec)
        values = values.reshape(count, 3)
        return Predictions(self.name, spec.name, kinds, values, scores, prepared.regions)

    def prepare(self, frame: Any, regions: Any, spec: Any) -> Any:
        self.seen = [(frame.image, box) for box in regions.boxes]
        return super().prepare(frame, regions, spec)


def _yaw(image: np.ndarray, box: np.ndarray) -> float:
    x, y = ((box[:2] + box[2:]) / 2).astype(int)
    return 50.0 if image[y, x, 0] > image[y, x, 2] else -50.0


def _find_balls(inputs: Any) -> dict[str, Any]:
    boxes = []
    for image in inputs["images"]:
        for one, other in ((0, 2), (2, 0)):
            mask = image[..., one].astype(int) > image[..., other].astype(int) + 90
            if mask.sum() < 900:
                continue
            columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
            boxes.append([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])
    return {"goal": np.array(sorted(boxes), np.float32).reshape(-1, 4)}


@pytest.fixture
def catalogue() -> Catalogue:
    """The two balls and their poses."""
    balls = load(Balls("detection", "Balls"))
    object.__setattr__(balls, "predict", type(balls.predict)(_find_balls, ("images",)))
    pose = load(Pose("headpose", "Pose of balls", upstream="detection"))
    return Catalogue((balls, pose), {"detection": "Balls", "headpose": "Pose of balls"})


def _shown(window: MainWindow) -> int:
    return window.player.current.index if window.player.current is not None else -1


def _go(qtbot: Any, window: MainWindow, index: int) -> None:
    window.playback.pause()
    window.playback.seek(index)
    qtbot.waitUntil(lambda: _shown(window) == index)


def _click(qtbot: Any, window: MainWindow, colour: tuple[int, int, int]) -> None:
    x, y = _place(colour, _shown(window))
    view = window.video._view
    at = QPoint(round(view.left + x * view.scale), round(view.top + y * view.scale))
    qtbot.mouseClick(window.video, LEFT, pos=at)


def _play(qtbot: Any, window: MainWindow, until: int) -> None:
    """Play up to a frame, as fast as results come."""
    window.player.set_pace(float("inf"))
    window.player.play()
    qtbot.waitUntil(lambda: _shown(window) >= until, timeout=10_000)
    window.player.pause()
    qtbot.wait(50)


def _yaws(window: MainWindow) -> np.ndarray:
    return window.panels["values"].shown.values[:, 0]


@pytest.fixture
def opened(qtbot: Any, window: MainWindow, crossing: Path) -> MainWindow:
    """The window, held on frame 10 of the crossing, with the red ball clicked."""
    window.open(str(crossing))
    qtbot.waitUntil(lambda: _shown(window) >= 0)
    _go(qtbot, window, 10)
    _click(qtbot, window, RED)
    return window


def test_a_crossing_leaves_the_curve_with_its_person(qtbot: Any, opened: MainWindow) -> None:
    _go(qtbot, opened, 0)
    _play(qtbot, opened, 90)
    opened.panels["values"].draw()
    red = _yaws(opened)
    assert len(red) > 75
    assert (red[~np.isnan(red)] == 50).all()
    _go(qtbot, opened, 85)
    _click(qtbot, opened, BLUE)
    blue = _yaws(opened)
    assert len(blue[~np.isnan(blue)]) > 55
    assert (blue[~np.isnan(blue)] == -50).all()
    assert np.isnan(blue).any(), "hidden in the middle, it must have a gap there"


def test_a_seek_keeps_the_person(qtbot: Any, opened: MainWindow) -> None:
    """At frame 110 the other ball is where this one was."""
    followed = opened.desk.looking.focus.followed
    for to in (110, 5, 30):
        _go(qtbot, opened, to)
        assert opened.desk.looking.focus.followed == followed
        row = opened.desk.looking.focus.row(opened.player.current)
        assert opened.player.current.predictions["headpose"].values[row, 0] == 50
        x = opened.video._highlight.reshape(2, 2).mean(axis=0)[0]
        assert abs(x - _place(RED, to)[0]) < 4


def test_a_person_who_is_not_seen_is_said_to_be_so(qtbot: Any, opened: MainWindow) -> None:
    _click(qtbot, opened, BLUE)
    followed = opened.desk.looking.focus.followed
    _go(qtbot, opened, 60)
    qtbot.waitUntil(lambda: "not seen" in opened.panels["inspector"].headline.text())
    assert opened.desk.looking.focus.followed == followed
    assert opened.video._highlight is None


def test_a_click_chooses_where_only_balls_are_detected(qtbot: Any, opened: MainWindow) -> None:
    opened.panels["tasks"].box("headpose").setChecked(False)
    qtbot.waitUntil(lambda: "headpose" not in opened.player.current.predictions)
    _click(qtbot, opened, BLUE)
    number = opened.desk.looking.focus.followed.number
    x = opened.video._highlight.reshape(2, 2).mean(axis=0)[0]
    assert abs(x - _place(BLUE, 10)[0]) < 4
    opened.panels["tasks"].box("headpose").setChecked(True)
    qtbot.waitUntil(lambda: "headpose" in opened.player.current.predictions)
    assert opened.desk.looking.focus.followed == Followed("detection", number)
    row = opened.desk.looking.focus.row(opened.player.current)
    assert opened.player.current.predictions["headpose"].values[row, 0] == -50


def test_another_task_shows_the_same_person_and_forgets_nothing(
    qtbot: Any, opened: MainWindow
) -> None:
    _play(qtbot, opened, 30)
    opened.panels["values"].draw()
    before = len(_yaws(opened))
    followed = opened.desk.looking.focus.followed
    choice = opened.panels["inspector"].choice
    for task in ("detection", "headpose"):
        choice.setCurrentIndex(choice.findData(task))
        assert opened.desk.looking.focus.followed == followed
        qtbot.wait(120)
    assert len(_yaws(opened)) >= before


def test_people_are_listed_and_chosen_by_mouse_and_keys(qtbot: Any, opened: MainWindow) -> None:
    _play(qtbot, opened, 30)
    opened.panels["people"].show_people(opened.desk.looking.everybody())
    panel = opened.panels["people"]
    assert panel.isVisible()
    assert panel.count() == 2
    red = opened.desk.looking.focus.followed
    assert panel.currentItem() is panel.item_of(red)
    assert "0:00." in panel.currentItem().text()
    other = next(panel.item(i) for i in range(2) if panel.item(i) is not panel.currentItem())
    qtbot.mouseClick(panel.viewport(), LEFT, pos=panel.visualItemRect(other).center())
    blue = opened.desk.looking.focus.followed
    assert blue != red
    row = opened.desk.looking.focus.row(opened.player.current)
    assert opened.player.current.predictions["headpose"].values[row, 0] == -50
    panel.setFocus()
    qtbot.keyClick(panel, Qt.Key.Key_Home)
    assert opened.desk.looking.focus.followed.number == 1
    opened.video.setFocus()
    panel.clearFocus()
    qtbot.keyClick(opened, Qt.Key.Key_P)
    assert opened.desk.looking.focus.followed.number == 2
    qtbot.keyClick(opened, Qt.Key.Key_P, Qt.KeyboardModifier.ShiftModifier)
    assert opened.desk.looking.focus.followed.number == 1


def test_the_timeline_shows_who_is_there(qtbot: Any, opened: MainWindow) -> None:
    _go(qtbot, opened, 0)
    _play(qtbot, opened, 90)
    opened.transport.presence.show_lanes(opened.desk.looking.everybody())
    lanes = {lane.person.number: lane for lane in opened.transport.presence.lanes}
    red = opened.desk.looking.focus.followed.number
    assert lanes[red].followed
    assert len(lanes) == 2
    assert len(lanes[red].presence.stretches) == 1
    blue = next(lane for number, lane in lanes.items() if number != red)
    assert len(blue.presence.stretches) == 2
    gone = blue.presence.stretches[1][0] - blue.presence.stretches[0][1]
    assert 5 < gone < 40


def test_another_source_has_other_people(qtbot: Any, opened: MainWindow, clip: Path) -> None:
    opened.open(str(clip))
    assert opened.player.people.everybody() == []
    assert not opened.desk.looking.focus.chosen
    assert opened.player.record.series("headpose", 1).times.size == 0


def test_tasks_tried_again_keep_the_people_and_their_curves(qtbot: Any, opened: MainWindow) -> None:
    _play(qtbot, opened, 30)
    followed = opened.desk.looking.focus.followed
    opened.panels["tasks"].retry.click()
    qtbot.waitUntil(lambda: opened.player.current is not None)
    opened.playback.pause()
    qtbot.wait(80)
    assert opened.desk.looking.focus.followed == followed
    assert len(opened.player.people.everybody()) == 2
    assert len(opened.player.record.series("headpose", followed.number).times) > 15
