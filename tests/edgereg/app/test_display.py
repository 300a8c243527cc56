"""Without a screen the window is one line, not an abort."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from edgereg.app.display import missing_display

pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="X11 and Wayland only")


def test_neither_is_set() -> None:
    assert "there is no display" in str(missing_display({}))


@pytest.mark.parametrize("display", [":987", "unix:987.0", "127.0.0.1:987", "rubbish"])
def test_one_that_does_not_answer(display: str) -> None:
    assert f"the display {display} does not answer" in str(missing_display({"DISPLAY": display}))


def test_one_that_answers(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as screen:
        screen.bind(str(tmp_path / "wayland-0"))
        screen.listen()
        found = {"WAYLAND_DISPLAY": "wayland-0", "XDG_RUNTIME_DIR": str(tmp_path)}
        assert missing_display(found) is None
    assert missing_display(found) is not None


def test_qt_is_told_how() -> None:
    assert missing_display({"QT_QPA_PLATFORM": "offscreen"}) is None


def test_the_command_says_so_in_one_line() -> None:
    pytest.importorskip("PySide6.QtWidgets")
    unset = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    there = {name: value for name, value in os.environ.items() if name not in unset}
    command = [sys.executable, "-m", "edgereg", "app"]
    done = subprocess.run(command, env=there, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: there is no display")
    assert len(done.stderr.splitlines()) == 1
