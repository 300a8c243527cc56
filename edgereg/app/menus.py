"""The menu bar: every command of the window, with its shortcut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu


@dataclass(frozen=True)
class Command:
    """One entry. shortcut: as QKeySequence reads it; checked: None where it is no switch."""

    key: str
    text: str
    call: Callable[..., object]
    shortcut: str = ""
    checked: bool | None = None


@dataclass
class Menus:
    """The actions by their keys, and the menu of recent sources."""

    actions: dict[str, QAction] = field(default_factory=dict)
    recent: QMenu | None = None

    def enable(self, keys: tuple[str, ...], on: bool) -> None:
        """Enable or disable some entries."""
        for key in keys:
            self.actions[key].setEnabled(on)


def build_menus(
    window: QMainWindow, menus: dict[str, list[Command | None]], recent_in: str
) -> Menus:
    """Fill the menu bar. None is a separator; `recent_in` names the menu for recent sources."""
    built = Menus()
    for title, commands in menus.items():
        menu = window.menuBar().addMenu(title)
        for command in commands:
            if command is None:
                menu.addSeparator()
            else:
                built.actions[command.key] = _add(window, menu, command)
        if title == recent_in:
            built.recent = QMenu("Open recent", menu)
            before = menu.actions()[min(3, len(menu.actions()) - 1)]
            menu.insertMenu(before, built.recent)
    return built


def _add(window: QMainWindow, menu: QMenu, command: Command) -> QAction:
    action = QAction(command.text, window)
    if command.shortcut:
        action.setShortcut(QKeySequence(command.shortcut))
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
