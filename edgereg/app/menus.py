"""The menu bar: every command of the window, with its shortcuts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu


@dataclass(frozen=True)
class Command:
    """One entry. shortcut: as QKeySequence reads it, or several, with spaces between; checked: None
    where it is no switch."""

    key: str
    text: str
    call: Callable[..., object]
    shortcut: str = ""
    checked: bool | None = None


@dataclass
class Menus:
    """The actions by their keys, the menus inside menus by theirs, and all texts and keys: title of
    the menu -> (text, keys)."""

    actions: dict[str, QAction] = field(default_factory=dict)
    inner: dict[str, QMenu] = field(default_factory=dict)
    keys: dict[str, list[tuple[str, list[str]]]] = field(default_factory=dict)

    def check(self, key: str, on: bool) -> None:
        """Show a switch as on or off, which switches nothing."""
        action = self.actions[key]
        action.blockSignals(True)
        action.setChecked(on)
        action.blockSignals(False)

    def enable(self, keys: Iterable[str], on: bool) -> None:
        """Enable or disable some entries."""
        for key in keys:
            self.actions[key].setEnabled(on)


def build_menus(
    window: QMainWindow,
    menus: Mapping[str, Sequence[Command | str | None]],
    inner: Mapping[str, str],
) -> Menus:
    """Fill the menu bar. None is a separator; a text names a menu inside; inner: its title."""
    built = Menus()
    for title, entries in menus.items():
        menu = window.menuBar().addMenu(title)
        rows = built.keys.setdefault(title.replace("&", ""), [])
        for entry in entries:
            if entry is None:
                menu.addSeparator()
            elif isinstance(entry, str):
                built.inner[entry] = menu.addMenu(inner[entry])
            else:
                action = built.actions[entry.key] = _add(window, menu, entry)
                keys = [each.toString(_NATIVE) for each in action.shortcuts()]
                if keys:
                    rows.append((entry.text.replace("&", ""), keys))
    return built


_NATIVE = QKeySequence.SequenceFormat.NativeText


def _add(window: QMainWindow, menu: QMenu, command: Command) -> QAction:
    action = QAction(command.text, window)
    action.setShortcuts([QKeySequence(key) for key in command.shortcut.split()])
    if command.checked is None:
        action.triggered.connect(lambda _checked=False: command.call())
    else:
        action.setCheckable(True)
        action.setChecked(command.checked)
        action.toggled.connect(command.call)
    # In full screen the menu bar is hidden, but its shortcuts stay.
    window.addAction(action)
    menu.addAction(action)
    return action
