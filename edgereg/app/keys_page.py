"""A page of all keys, made from the menus that they belong to, and of what the mouse does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from edgereg.app.look.language import mark, tr

MOUSE: Sequence[tuple[str, str]] = (
    (mark("Click in the picture"), mark("follow who is there; beside everybody: the largest")),
    (mark("Wheel"), mark("zoom about the pointer")),
    (mark("Drag"), mark("move the picture that is zoomed")),
    (mark("Double click"), mark("the whole picture again")),
    (mark("Click or drag on the slider"), mark("go there; pictures follow")),
    (mark("Click on a curve over time"), mark("go to that time")),
    (mark("Drop a file or an address"), mark("open it")),
)


def keys_page(parent: QWidget, keys: Mapping[str, Sequence[tuple[str, Sequence[str]]]]) -> QDialog:
    """The dialog; the caller opens it. keys: as `Menus.keys`."""
    dialog = QDialog(parent)
    dialog.setWindowTitle(tr("Keys and mouse"))
    page = QTextBrowser()
    page.setAccessibleName(tr("Keys and mouse"))
    page.setHtml(_html(keys))
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    column = QVBoxLayout(dialog)
    column.addWidget(page)
    column.addWidget(buttons)
    dialog.resize(dialog.screen().availableSize().boundedTo(parent.size()) * 0.8)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return dialog


def _html(keys: Mapping[str, Sequence[tuple[str, Sequence[str]]]]) -> str:
    parts = []
    for title, rows in keys.items():
        if rows:
            parts.append(_table(title, [(", ".join(names), text) for text, names in rows]))
    parts.append(_table(tr("Mouse"), [(tr(gesture), tr(does)) for gesture, does in MOUSE]))
    return "".join(parts)


def _table(title: str, rows: Sequence[tuple[str, str]]) -> str:
    lines = (
        f"<tr><td width=200><b>{first}</b></td><td>{second}</td></tr>" for first, second in rows
    )
    return f"<h3>{title}</h3><table cellpadding=3>{''.join(lines)}</table>"
