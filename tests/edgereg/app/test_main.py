"""`edgereg app` as a process: it starts, plays, and leaves cleanly when it is told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("PySide6")

_PROGRAM = """
import sys
from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication
from edgereg.app.player.catalogue import Catalogue
from edgereg.app.main import stay
from edgereg.app.window import MainWindow
clip, how, settings = sys.argv[1:]
app = QApplication([])
window = MainWindow(lambda _: Catalogue(), QSettings(settings, QSettings.Format.IniFormat))
def look():
    if window.player.current is not None:
        print("shown", flush=True)
        if how == "close":
            window.close()
timer = QTimer(interval=50)
timer.timeout.connect(look)
timer.start()
sys.exit(stay(app, window, clip))
"""


@pytest.fixture(scope="module")
def started(
    clip: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, subprocess.Popen[str]]]:
    """A window that closes once it has shown something, and one that stays, side by side."""
    processes = {}
    for how in ("close", "stay"):
        settings = tmp_path_factory.mktemp(how) / "settings.ini"
        processes[how] = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(clip), how, str(settings)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        )
    yield processes
    for process in processes.values():
        process.kill()


def test_closing_the_window_ends_the_process(started: dict[str, subprocess.Popen[str]]) -> None:
    process = started["close"]
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "shown" in out
    assert "Traceback" not in errors


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM for one process")
def test_a_signal_ends_the_process(started: dict[str, subprocess.Popen[str]]) -> None:
    process = started["stay"]
    assert process.stdout is not None
    assert process.stdout.readline() == "shown\n"
    start = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert time.monotonic() - start < 10
    assert "Traceback" not in errors


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_closes_the_window(qtbot: Any, window: Any) -> None:
    from edgereg.app.main import close_on_signal

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        waker = close_on_signal(window)
        os.kill(os.getpid(), signal.SIGINT)
        qtbot.waitUntil(lambda: not window.isVisible())
        waker.stop()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
