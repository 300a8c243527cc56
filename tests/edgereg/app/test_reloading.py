"""`edgereg app --reload`: an edit of a plugin is in the window, at the same frame."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

pytest.importorskip("PySide6")

from PySide6.QtCore import QSettings

from edgereg.app.main import reload_changed
from edgereg.app.player.catalogue import load_catalogue
from edgereg.app.player.state import State
from edgereg.app.window import MainWindow
from edgereg.assembly import Choice
from edgereg.plugin_files import plugin_places
from edgereg.plugins import foreign_plugins, load_plugins
from tests.edgereg.odd_task import TASK


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file of a plugin that is installed for this test."""
    file = tmp_path / "odd_window_plugin.py"
    file.write_text(dedent(TASK).replace("VALUE", "1"), encoding="utf-8")
    info = tmp_path / "oddwindow-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: oddwindow\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[edgereg.plugins]\noddwindow = odd_window_plugin\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield file
    sys.modules.pop("odd_window_plugin", None)


def test_an_edit_is_shown_at_the_same_frame_and_a_broken_one_changes_nothing(
    qtbot: Any, plugin: Path, clip: Path, tmp_path: Path
) -> None:
    assert any(each.name == "oddwindow" for each in distributions())
    off = frozenset(foreign_plugins(frozenset())) - {"oddwindow"}
    plugins = load_plugins(off)
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    choice = Choice(tasks=("odd",), engine="cpu")
    window = MainWindow(lambda choice: load_catalogue(choice, plugins), settings, choice)
    qtbot.addWidget(window)
    watch = reload_changed(window, plugins, plugin_places(off))
    window.show()
    window.open(str(clip))
    qtbot.waitUntil(lambda: window.player.current is not None, timeout=60_000)
    window.player.pause()
    window.player.seek(30)
    qtbot.waitUntil(lambda: window.player.current.index == 30)

    def value() -> float | None:
        result = window.player.current
        return None if result is None else float(result.predictions["odd"].values[0, 0])

    assert value() == 1
    # The pipeline knows whose code it runs.
    assert window.player._run.pipeline.guard.whose == {"odd": "oddwindow"}
    plugin.write_text(dedent(TASK).replace("VALUE", "2"), encoding="utf-8")
    qtbot.waitUntil(lambda: value() == 2, timeout=60_000)
    assert window.player.current.index == 30
    assert window.player.state is State.PAUSED
    assert "odd" not in window.desk.choices.off
    plugin.write_text("this is no Python", encoding="utf-8")
    qtbot.waitUntil(lambda: "oddwindow" in window.banner.message, timeout=60_000)
    assert value() == 2
    plugin.write_text(dedent(TASK).replace("VALUE", "3"), encoding="utf-8")
    qtbot.waitUntil(lambda: value() == 3, timeout=60_000)
    window.leave()
    assert watch._stopped.is_set()
    window.player.wait_closed(5.0)
