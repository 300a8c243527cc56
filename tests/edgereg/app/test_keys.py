"""Everything by keys: who gets which, what they reach, and what a screen reader is told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("PySide6")

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QProgressBar,
    QScrollBar,
    QTextBrowser,
    QToolButton,
    QWidget,
)

from edgereg.app.player.state import State
from edgereg.app.window import MainWindow

Key = Qt.Key
DOC = Path(__file__).parents[3] / "docs/window.md"
CONTROLS = (
    *(QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox),
    *(QComboBox, QLineEdit, QProgressBar),
)


@pytest.fixture
def paused(held: MainWindow) -> MainWindow:
    """The window on frame 40 of the clip, with the keys."""
    held.activateWindow()
    return held


def _controls(window: MainWindow) -> list[QWidget]:
    """What a user can act on, without the parts that Qt makes for itself inside of others."""
    inner = (QAbstractSpinBox, QComboBox, QAbstractItemView)
    return [
        widget
        for widget in window.findChildren(QWidget)
        if isinstance(widget, CONTROLS)
        and not isinstance(widget, QScrollBar)
        and not isinstance(widget.parent(), inner)
        and not widget.objectName().startswith("qt_")
    ]


def _named(widget: QWidget) -> str:
    text = getattr(widget, "text", lambda: "")()
    return widget.accessibleName() or (text if isinstance(text, str) and len(text) > 1 else "")


def test_every_control_has_a_name_for_screen_readers(paused: MainWindow) -> None:
    controls = _controls(paused)
    assert len(controls) > 25
    nameless = [widget for widget in controls if not _named(widget)]
    assert nameless == []
    assert paused.video.accessibleName()


def test_tab_reaches_every_control_that_has_no_menu_entry(paused: MainWindow) -> None:
    for dock in paused.menus.inner["panels"].actions():
        if not dock.isChecked():
            dock.trigger()
    paused.video.setFocus()
    reached, widget = set[QWidget](), QApplication.focusWidget()
    for _ in range(200):
        reached.add(widget)
        paused.focusNextChild()
        widget = QApplication.focusWidget()
        if widget is paused.video:
            break
    wanted = [
        widget
        for widget in _controls(paused)
        if widget.isVisible()
        and widget.isEnabled()
        # Docks and the tool bar have their entries in the menus.
        and not (isinstance(widget, QToolButton) and widget.defaultAction() is not None)
        and type(widget).__name__ != "QDockWidgetTitleButton"
    ]
    missed = [_named(widget) or widget for widget in wanted if widget not in reached]
    assert missed == []
    assert len(wanted) > 15


def test_no_two_commands_have_the_same_key(window: MainWindow) -> None:
    keys = [key for action in window.menus.actions.values() for key in action.shortcuts()]
    texts = [key.toString() for key in keys]
    assert len(texts) == len(set(texts))
    assert all(texts)


def test_space_ticks_what_has_the_focus_and_plays_otherwise(qtbot: Any, paused: MainWindow) -> None:
    box = paused.panels["tasks"].box("headpose")
    box.setFocus()
    qtbot.keyClick(box, Key.Key_Space)
    assert not box.isChecked()
    assert paused.player.state is State.PAUSED
    loop = paused.transport.loop
    loop.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(loop, Key.Key_Space)
    assert paused.playback.loop
    assert paused.player.state is State.PAUSED
    paused.video.setFocus()
    qtbot.keyClick(paused.video, Key.Key_Space)
    assert paused.player.state is State.PLAYING


def test_a_click_on_a_button_leaves_the_keys_to_the_player(qtbot: Any, paused: MainWindow) -> None:
    paused.video.setFocus()
    qtbot.mouseClick(paused.transport.loop, Qt.MouseButton.LeftButton)
    qtbot.keyClick(QApplication.focusWidget(), Key.Key_Space)
    assert paused.player.state is State.PLAYING
    assert paused.playback.loop


def test_fields_let_keys_go(qtbot: Any, paused: MainWindow) -> None:
    for key in (Key.Key_Escape, Key.Key_Return):
        for field in (
            paused.transport.speed,
            paused.panels["refinement"].steps,
            paused.transport.place,
        ):
            field.setFocus(Qt.FocusReason.TabFocusReason)
            qtbot.keyClick(field, Key.Key_2)
            assert paused.player.index == 40, "the digit is the field's"
            qtbot.keyClick(field, key)
            assert QApplication.focusWidget() is paused.video
    qtbot.waitUntil(lambda: paused.player.current.index == 1)
    assert paused.transport.speed.value() == 2.0
    paused.playback.pause()
    qtbot.keyClick(paused.video, Key.Key_0)
    qtbot.waitUntil(lambda: paused.player.current.index == 0)


def test_a_number_field_keeps_only_what_it_can_use(qtbot: Any, paused: MainWindow) -> None:
    paused.transport.speed.setFocus()
    qtbot.keyClick(paused.transport.speed, Key.Key_L)
    assert paused.player.state is State.PLAYING


def test_escape_draws_no_box_and_leaves_full_screen(qtbot: Any, paused: MainWindow) -> None:
    qtbot.keyClick(paused, Key.Key_F)
    assert paused.isFullScreen()
    assert not paused.menuBar().isVisible()
    assert paused.transport.isVisible()
    paused.video.ask_for_box()
    qtbot.keyClick(paused, Key.Key_Escape)
    assert not paused.video.draws_box
    assert paused.isFullScreen()
    qtbot.keyClick(paused, Key.Key_Escape)
    assert not paused.isFullScreen()
    assert paused.menuBar().isVisible()
    assert paused.panels["tasks"].isVisible()


def test_the_page_of_keys_has_them_all(qtbot: Any, window: MainWindow) -> None:
    qtbot.keyClick(window, Key.Key_F1)
    page = window.findChild(QTextBrowser)
    qtbot.waitUntil(lambda: page.isVisible())
    text = page.toPlainText()
    for action in window.menus.actions.values():
        if action.shortcuts():
            assert action.text().replace("&", "") in text
    assert "Wheel" in text


def test_the_manual_has_every_key(window: MainWindow) -> None:
    table = "\n".join(line for line in DOC.read_text().splitlines() if line.startswith("|"))
    written = set(re.split(r"\s*(?:, |\||$)\s*", table, flags=re.MULTILINE))
    for name, action in window.menus.actions.items():
        for key in action.shortcuts():
            text = key.toString(QKeySequence.SequenceFormat.PortableText)
            if not name.startswith("share_"):
                assert text in written, f"{name}: {text} is not in {DOC.name}"
