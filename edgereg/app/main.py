"""Start the window."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from edgereg.app.player.catalogue import Catalogue, load_catalogue
from edgereg.app.player.reloading import PluginWatch
from edgereg.app.window import MainWindow
from edgereg.assembly import Choice
from edgereg.plugin_files import loaded_anew
from edgereg.plugins import Plugins

_SIGNAL_POLL_MS = 200
_SWITCH_S = 0.001
_LEAVE_S = 3.0
_CLOSE_FILES_S = 10.0


def run(
    source: str | None,
    choice: Choice | None = None,
    plugins: Plugins | None = None,
    watched: Sequence[Path] = (),
    said: frozenset[str] | None = None,
) -> int:
    """Open the window, on a source if one is named, and stay until it is closed.

    choice: how models are loaded and run, and boxes to track in the source. plugins: None: all that
    are installed. watched: places of plugins that are loaded anew whenever a file there changes.
    said: names of what the command line says of the choice, which goes before the user's habits.
    Returns the exit code.
    """
    app = QApplication.instance() or QApplication(sys.argv[:1])
    if not isinstance(app, QApplication):
        raise RuntimeError("another kind of Qt application runs in this process")
    app.setApplicationName("edgereg")
    # While other threads compute, the window asks for Python's lock many times for one picture.
    sys.setswitchinterval(_SWITCH_S)
    choice = choice or Choice()
    window = MainWindow(partial(load_catalogue, plugins=plugins), choice=choice, said=said)
    if watched and plugins is not None:
        reload_changed(window, plugins, watched)
    return stay(app, window, source)


def reload_changed(window: MainWindow, plugins: Plugins, places: Sequence[Path]) -> PluginWatch:
    """Load plugins anew whenever a file of theirs changes, until the window closes."""

    def load(choice: Choice) -> Catalogue:
        return load_catalogue(choice, loaded_anew(plugins))

    watch = PluginWatch(places, window)
    watch.changed.arrived.connect(partial(window.desk.reload, load))
    window.desk.closing.connect(watch.close)
    return watch


def stay(app: QApplication, window: MainWindow, source: str | None) -> int:
    """Show a window, open a source in it, and return the exit code once it is closed."""
    window.show()
    if source is not None:
        window.open(source)
        window.desk.pointing.begin(window.desk.choice.prompts)
    waker = close_on_signal(window)
    code = app.exec()
    waker.stop()
    # A stage inside a native library must come back before the interpreter may go.
    window.player.wait_closed(_LEAVE_S)
    # What was written of files that are not done is made whole.
    window.saving.join(_CLOSE_FILES_S)
    return code


def close_on_signal(window: MainWindow) -> QTimer:
    """Close the window on Ctrl-C or SIGTERM.

    Python sees a signal only while its own code runs, hence the timer; and it may come while this
    very thread holds a lock that closing needs, hence the note instead of the deed.
    """
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: asked.append(number))
    waker = QTimer(window, interval=_SIGNAL_POLL_MS)
    waker.timeout.connect(lambda: window.leave() if asked else None)
    waker.start()
    return waker
