"""The language of the window: every text that it shows goes through `tr`."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

_CONTEXT = "edgereg"


def tr(text: str) -> str:
    """A text in the user's language; `text` is the English one, with its {places}."""
    return QCoreApplication.translate(_CONTEXT, text)


def mark(text: str) -> str:
    """The text itself: it stands in a table, and is given to `tr` where it is shown."""
    return text
