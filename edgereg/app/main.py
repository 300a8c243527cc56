"""Start the window."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from edgereg.app.theme import LIGHT, preferred
from edgereg.app.window import MainWindow

_SIGNAL_POLL_MS = 200
_LEAVE_S = 3.0


def run(source: str | None, arguments: Sequence[str] = ()) -> int:
    """Open the window, on a source if one is named, and stay until it is closed.

    arguments: Qt's own options. Returns the exit code.
    """
    app = QApplication.instance() or QApplication([sys.argv[0], *arguments])
    if not isinstance(app, QApplication):
        raise RuntimeError("another kind of Qt application runs in this process")
    app.setApplicationName("edgereg")
    return stay(app, MainWindow(), source)


def stay(app: QApplication, window: MainWindow, source: str | None) -> int:
    """Show a window, open a source in it, and return the exit code once it is closed."""
    if preferred(app) is LIGHT:
        window.menus.actions["light"].setChecked(True)
    window.show()
    if source is not None:
        window.open(source)
    # Python sees a Ctrl-C only while its own code runs.
    waker = QTimer(interval=_SIGNAL_POLL_MS)
    waker.timeout.connect(lambda: None)
    waker.start()
    signal.signal(signal.SIGINT, lambda *_: window.close())
    code = app.exec()
    # A stage inside a native library must come back before the interpreter may go.
    window.player.wait_closed(_LEAVE_S)
    return code
