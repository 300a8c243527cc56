"""A folder of photographs as a strip of small pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("PySide6")

from PySide6.QtCore import QSize, Qt

from edgereg.app.panels.strip_panel import StripPanel
from edgereg.app.player.state import State
from edgereg.app.window import MainWindow

COUNT = 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photographs with the ball at other places, each on a ground of its own colour."""
    place = tmp_path / "photographs"
    place.mkdir()
    for number in range(COUNT):
        image = np.full((90, 160, 3), (6 * number, 60, 20), np.uint8)
        cv2.circle(image, (20 + 3 * number, 45), 12, (250, 250, 250), cv2.FILLED)
        cv2.imwrite(str(place / f"{number:02}.png"), image)
    (place / "07.png").write_bytes(b"no picture")
    return place


def _index(window: MainWindow) -> int:
    return window.player.current.index if window.player.current is not None else -1


@pytest.fixture
def strip(qtbot: Any, window: MainWindow, folder: Path) -> StripPanel:
    """The strip of the folder, which is held on its first photograph."""
    window.open(str(folder))
    qtbot.waitUntil(lambda: _index(window) >= 0)
    window.playback.pause()
    found = window.panels["strip"]
    assert isinstance(found, StripPanel)
    qtbot.waitUntil(lambda: len(found.loaded) > 3)
    return found


def test_a_folder_opens_its_strip(strip: StripPanel) -> None:
    assert strip.isVisible()
    assert strip.count() == COUNT
    picture = strip.item(0).icon().pixmap(QSize(64, 64)).toImage()
    assert picture.width() == 64
    # Red and blue are not exchanged.
    assert picture.pixelColor(1, 1).getRgb()[:3] == pytest.approx((20, 60, 0), abs=4)


def test_only_what_is_seen_is_read(qtbot: Any, strip: StripPanel) -> None:
    qtbot.wait(200)
    assert len(strip.loaded) < COUNT
    strip.horizontalScrollBar().setValue(strip.horizontalScrollBar().maximum())
    qtbot.waitUntil(lambda: COUNT - 1 in strip.loaded)


def test_a_click_and_keys_go_there(qtbot: Any, window: MainWindow, strip: StripPanel) -> None:
    place = strip.visualItemRect(strip.item(3)).center()
    qtbot.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(lambda: _index(window) == 3)
    strip.setFocus()
    qtbot.keyClick(strip, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: _index(window) == 4)
    strip.clearFocus()
    window.video.setFocus()
    qtbot.keyClick(window.video, Qt.Key.Key_End)
    qtbot.waitUntil(lambda: _index(window) == COUNT - 1)
    assert strip.currentRow() == COUNT - 1
    assert window.player.state is State.PAUSED


def test_one_that_cannot_be_read_keeps_its_place(qtbot: Any, strip: StripPanel) -> None:
    strip.scrollToItem(strip.item(7))
    qtbot.waitUntil(lambda: {6, 7, 8} <= strip.loaded)
    assert strip.item(7).icon().isNull()
    assert not strip.item(8).icon().isNull()


def test_a_clip_has_none(qtbot: Any, window: MainWindow, strip: StripPanel, clip: Path) -> None:
    window.open(str(clip))
    qtbot.waitUntil(lambda: strip.count() == 0)
