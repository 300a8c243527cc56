"""Every text of the window has a German one, and goes through the place where it is looked up."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("PySide6")

from PySide6.QtCore import QSettings
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QDockWidget, QWidget

from edgereg import app as package
from edgereg.app.habits import Habits, write_habits
from edgereg.app.look import language
from edgereg.app.player.catalogue import Catalogue
from edgereg.app.window import MainWindow

APP = Path(package.__file__).parent
GERMAN = language.table_of("de")
# What is the same in all languages: names, units, and what tasks and stages call themselves. The
# menu with "Export" is one of pyqtgraph's, which is not opened.
NO_WORDS = {
    *("edgereg", "ball", "avi", "fps", "ms", "CPU", "English", "Deutsch", "yaw", "pitch", "roll"),
    *("decode", "draw", "write", "predict", "refine", "smooth", "track", "recognise"),
    *("detection", "headpose", "Export", "fake"),
    # Of the bars of tabs, which Qt translates itself.
    *("Scroll", "Left", "Right"),
}


def texts_in_code() -> Iterator[str]:
    """What is given to `tr` and `mark`."""
    for path in APP.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                first = node.args[0]
                if name in ("tr", "mark") and isinstance(first, ast.Constant):
                    assert isinstance(first.value, str)
                    yield first.value


def test_every_text_has_a_german_one_and_no_other_is_kept() -> None:
    texts = set(texts_in_code())
    assert len(texts) > 150
    assert sorted(texts - set(GERMAN)) == []
    assert sorted(set(GERMAN) - texts) == []


def test_translations_keep_the_places_and_the_keys() -> None:
    for english, german in GERMAN.items():
        assert german.strip(), english
        assert set(re.findall(r"{[^}]*}", english)) == set(re.findall(r"{[^}]*}", german)), english
        assert english.count("&") == german.count("&"), english


def _shown(window: MainWindow) -> Iterator[tuple[str, str]]:
    """All that a user can read or hear: where, and what."""
    for widget in (window, *window.findChildren(QWidget)):
        if widget.objectName().startswith("qt_") or isinstance(widget.parent(), QDockWidget):
            continue
        for what in ("text", "toolTip", "accessibleName", "placeholderText", "specialValueText"):
            # A panel may have a label of that name.
            ask = getattr(widget, what, None)
            value = ask() if callable(ask) else ""
            if isinstance(value, str):
                yield f"{type(widget).__name__}.{what}", value
    for action in window.findChildren(QAction):
        yield "action", action.text()
    for dock in window.findChildren(QDockWidget):
        yield "dock", dock.windowTitle()


class _Pseudo(language.Table):
    """Every text between brackets, whatever it says."""

    def translate(
        self, context: str, text: str, disambiguation: str | None = None, n: int = -1
    ) -> str | None:
        return f"⟦{text}⟧" if context == "edgereg" else None

    def isEmpty(self) -> bool:  # noqa: N802 - Qt's name
        return False


def test_nothing_is_shown_that_was_not_looked_up(
    qtbot: Any,
    start: Callable[[Catalogue], MainWindow],
    catalogue: Catalogue,
    clip: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = QApplication.instance()
    pseudo = _Pseudo({}, app)
    monkeypatch.setattr("edgereg.app.window.install", lambda app, _: app.installTranslator(pseudo))
    try:
        window = start(catalogue)
        window.open(str(clip))
        qtbot.waitUntil(lambda: window.player.current is not None)
        qtbot.waitUntil(lambda: "detection" in window.status.stages.text())
        raw = []
        titles = {*catalogue.titles.values(), *catalogue.unusable.values()}
        for where, text in _shown(window):
            rest = re.sub(r"⟦[^⟦⟧]*⟧|<[^>]*>|&nbsp;|&amp;", " ", text)
            words = set(re.findall(r"[^\W\d_]{2,}", rest))
            known = any(title in text for title in titles) or str(clip) in text
            if not known and not words <= NO_WORDS:
                raw.append((where, text))
        assert raw == [], "\n".join(map(str, raw))
    finally:
        app.removeTranslator(pseudo)


def test_a_window_in_german(
    start: Callable[[Catalogue], MainWindow], catalogue: Catalogue, tmp_path: Path
) -> None:
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    write_habits(settings, Habits(language="de"))
    settings.sync()
    window = start(catalogue)
    assert window.menus.actions["open_file"].text() == "Datei ö&ffnen…"
    assert window.findChild(QDockWidget, "tasks").windowTitle() == "Aufgaben"
    english = next(a for a in window.menus.inner["language"].actions() if a.text() == "English")
    english.trigger()
    assert "nächsten Start" in window.banner.message
    assert start(catalogue).menus.actions["open_file"].text() == "&Open file…"
