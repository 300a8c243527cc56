"""The sources opened last, remembered from one start to the next."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QMenu

from edgereg.app.look.language import tr
from edgereg.core.shown import shown

MOST = 8
_KEY = "recent"


def recent_sources(settings: QSettings) -> list[str]:
    """The latest first."""
    stored: Any = settings.value(_KEY)
    if isinstance(stored, str):
        return [stored]
    return [str(item) for item in stored][:MOST] if isinstance(stored, list) else []


def remember(settings: QSettings, source: str) -> None:
    """Put a source first. One with a password or token in its address is not written down."""
    if shown(source) == source:
        others = [item for item in recent_sources(settings) if item != source]
        settings.setValue(_KEY, [source, *others][:MOST])


def drop(settings: QSettings, source: str) -> None:
    """Forget a source that can't be opened."""
    settings.setValue(_KEY, [item for item in recent_sources(settings) if item != source])


def forget(settings: QSettings) -> None:
    """Forget all."""
    settings.remove(_KEY)


def list_recent(menu: QMenu, settings: QSettings, open_source: Callable[[str], object]) -> None:
    """Fill a menu with the sources, and with a command that forgets them."""
    menu.clear()
    for source in recent_sources(settings):
        menu.addAction(source).triggered.connect(partial(open_source, source))
    if not menu.isEmpty():
        menu.addSeparator()
        clear = menu.addAction(tr("&Clear this list"))
        clear.triggered.connect(lambda: forget(settings))
        clear.triggered.connect(lambda: list_recent(menu, settings, open_source))
    menu.setEnabled(not menu.isEmpty())
