"""The language of the window: every text that it shows goes through `tr`.

Translations stand in `edgereg/app/languages/CODE.json`, from the English text to the other one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources

from PySide6.QtCore import (
    QCoreApplication,
    QLibraryInfo,
    QLocale,
    QObject,
    QTranslator,
)

_CONTEXT = "edgereg"
# By their codes, in their own words.
LANGUAGES: Mapping[str, str] = {"en": "English", "de": "Deutsch"}


def tr(text: str) -> str:
    """A text in the user's language; `text` is the English one, with its {places}."""
    return QCoreApplication.translate(_CONTEXT, text)


def mark(text: str) -> str:
    """The text itself: it stands in a table, and is given to `tr` where it is shown."""
    return text


def table_of(code: str) -> dict[str, str]:
    """All texts in a language; empty for English."""
    if code == "en":
        return {}
    place = resources.files("edgereg.app") / "languages" / f"{code}.json"
    texts: dict[str, str] = json.loads(place.read_text("utf-8"))
    return texts


class Table(QTranslator):
    """Translates what stands in a table, and leaves the rest to others."""

    def __init__(self, texts: Mapping[str, str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._texts = texts

    def translate(
        self, context: str, text: str, disambiguation: str | None = None, n: int = -1
    ) -> str | None:
        """The text in this language, or None."""
        return self._texts.get(text) if context == _CONTEXT else None

    def isEmpty(self) -> bool:  # noqa: N802 - Qt's name
        """Whether nothing is translated."""
        return not self._texts


def install(app: QCoreApplication | None, code: str | None) -> None:
    """Let windows made from now on speak a language; None: the system's, where it is known,
    else English."""
    if app is None:
        return
    for before in app.findChildren(QTranslator):
        app.removeTranslator(before)
        before.deleteLater()
    code = code or QLocale.system().name()[:2]
    if code not in LANGUAGES or code == "en":
        return
    own, qt = Table(table_of(code), app), QTranslator(app)
    app.installTranslator(own)
    if qt.load(f"qtbase_{code}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        app.installTranslator(qt)
