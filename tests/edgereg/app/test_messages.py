"""Messages: three kinds, the whole text, a history."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("PySide6")

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDockWidget

from edgereg.app.messages import MOST, Kind
from edgereg.app.panels.message_panel import MessagePanel
from edgereg.app.window import MainWindow

LEFT = Qt.MouseButton.LeftButton
LONG = "the model says:\n" + "\n".join(f"line {n} of its trouble" for n in range(40))


@pytest.fixture
def panel(window: MainWindow) -> MessagePanel:
    found = window.panels["messages"]
    assert isinstance(found, MessagePanel)
    return found


def _kinds(window: MainWindow) -> list[Kind]:
    return [message.kind for message in window.desk.messages.history]


def test_a_file_that_cannot_be_opened_is_an_error(
    qtbot: Any, window: MainWindow, tmp_path: Path
) -> None:
    window.open(str(tmp_path / "missing.mp4"))
    qtbot.waitUntil(lambda: _kinds(window) == [Kind.ERROR])
    assert "missing.mp4" in window.banner.message


def test_a_cut_file_is_a_warning(
    qtbot: Any, window: MainWindow, clip: Path, tmp_path: Path
) -> None:
    path = tmp_path / "short.avi"
    path.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    window.open(str(path))
    qtbot.waitUntil(lambda: Kind.WARNING in _kinds(window))
    assert Kind.ERROR not in _kinds(window)


def test_what_was_saved_is_information_that_leaves_by_itself(
    qtbot: Any, window: MainWindow, clip: Path, tmp_path: Path
) -> None:
    window.banner.timer.setInterval(150)
    window.open(str(clip))
    qtbot.waitUntil(lambda: window.player.current is not None)
    window.saves.export(tmp_path / "poses.csv")
    qtbot.waitUntil(lambda: _kinds(window) == [Kind.INFORMATION], timeout=20_000)
    qtbot.waitUntil(lambda: not window.banner.isVisible())


def test_a_warning_stays_until_it_is_dismissed(qtbot: Any, window: MainWindow) -> None:
    window.banner.timer.setInterval(10)
    window.desk.messages.warn("the camera sends no times")
    qtbot.wait(60)
    assert window.banner.isVisible()
    qtbot.mouseClick(window.banner.close_button, LEFT)
    assert not window.banner.isVisible()


def test_the_whole_text_is_read_and_copied(
    qtbot: Any, window: MainWindow, panel: MessagePanel
) -> None:
    window.desk.messages.fail(LONG)
    assert "\n" not in window.banner.message
    assert not panel.isVisible()
    window.banner.details.setFocus()
    qtbot.keyClick(window.banner.details, Qt.Key.Key_Space)
    assert panel.isVisible()
    assert panel.whole.toPlainText() == LONG
    qtbot.mouseClick(panel.copy, LEFT)
    assert QGuiApplication.clipboard().text() == LONG


def test_messages_that_came_while_the_panel_was_closed_are_in_it(
    qtbot: Any, window: MainWindow, panel: MessagePanel
) -> None:
    messages = window.desk.messages
    messages.inform("saved")
    messages.warn("slow")
    messages.fail("broken")
    window.findChild(QDockWidget, "messages").show()
    rows = [panel.list.item(row) for row in range(3)]
    assert [row.data(Qt.ItemDataRole.AccessibleTextRole) for row in rows] == [
        "error: broken",
        "warning: slow",
        "information: saved",
    ]
    icons = {row.icon().pixmap(16, 16).toImage().pixel(8, 2) for row in rows}
    assert len(icons) == 3, "told apart by more than their text"
    panel.list.setFocus()
    qtbot.keyClick(panel.list, Qt.Key.Key_Down)
    assert panel.whole.toPlainText() == "slow"
    qtbot.mouseClick(panel.clear, LEFT)
    assert panel.list.count() == 0
    assert not messages.history


def test_the_history_has_an_end(window: MainWindow, panel: MessagePanel) -> None:
    for number in range(MOST + 5):
        window.desk.messages.warn(f"message {number}")
    assert panel.list.count() == len(window.desk.messages.history) == MOST
    assert window.desk.messages.history[0].text == "message 5"
