"""The panels round the picture: a row of PANELS is all that it takes to add one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QFrame, QMainWindow, QScrollArea, QWidget

from edgereg.app.desk import Desk
from edgereg.app.look.language import mark, tr
from edgereg.app.panels.history_panel import HistoryPanel
from edgereg.app.panels.inspector import Inspector
from edgereg.app.panels.map_panel import MapPanel
from edgereg.app.panels.message_panel import MessagePanel
from edgereg.app.panels.people_panel import PeoplePanel
from edgereg.app.panels.refinement_panel import RefinementPanel
from edgereg.app.panels.settings_panel import SettingsPanel
from edgereg.app.panels.strip_panel import StripPanel
from edgereg.app.panels.task_panel import TaskPanel
from edgereg.app.panels.task_view import TaskView

_AREA = Qt.DockWidgetArea
_BOTTOM = _AREA.BottomDockWidgetArea
_WIDTH = 300, 430


@dataclass(frozen=True)
class Panel:
    """A panel in a dock. Its widget connects itself to the desk.

    title: in English. make: the widget. height: wanted among those of the right side, in pixels.
    scrolls: whether its content may be larger than its dock. shown: at the first start. behind: the
    panel whose place it shares, as a tab.
    """

    key: str
    title: str
    make: Callable[[Desk], QWidget]
    area: Qt.DockWidgetArea = _AREA.RightDockWidgetArea
    height: int = 150
    scrolls: bool = True
    shown: bool = True
    behind: str = ""


PANELS: Sequence[Panel] = (
    Panel("tasks", mark("Tasks"), TaskPanel, height=170),
    Panel("refinement", mark("Refinement"), RefinementPanel, height=40, scrolls=False),
    Panel("inspector", mark("Density"), Inspector, height=320),
    Panel("map", mark("Density of two values"), MapPanel, shown=False, behind="inspector"),
    Panel("values", mark("Over time"), HistoryPanel, height=150, scrolls=False),
    Panel("own", mark("Of the task"), TaskView, shown=False, behind="inspector"),
    Panel("settings", mark("Settings"), SettingsPanel, shown=False, behind="tasks"),
    Panel("people", mark("People"), PeoplePanel, _BOTTOM, scrolls=False),
    Panel(
        "strip",
        mark("Photographs"),
        StripPanel,
        _BOTTOM,
        scrolls=False,
        shown=False,
        behind="people",
    ),
    Panel(
        "messages",
        mark("Messages"),
        MessagePanel,
        _BOTTOM,
        scrolls=False,
        shown=False,
        behind="people",
    ),
)


@dataclass(frozen=True)
class Docks:
    """The docks of a window, and the panels in them, by their keys."""

    docks: Mapping[str, QDockWidget]
    panels: Mapping[str, QWidget]

    def arrange(self, window: QMainWindow) -> None:
        """Put all docks where they were at the first start."""
        for panel in PANELS:
            dock = self.docks[panel.key]
            dock.setFloating(False)
            window.addDockWidget(panel.area, dock)
            dock.setVisible(panel.shown)
            if panel.behind:
                window.tabifyDockWidget(self.docks[panel.behind], dock)
        right = [p for p in PANELS if p.area is _AREA.RightDockWidgetArea and not p.behind]
        docks = [self.docks[panel.key] for panel in right]
        wide = min(max(_WIDTH[0], window.width() * 3 // 10), _WIDTH[1])
        window.resizeDocks(docks, [wide] * len(docks), Qt.Orientation.Horizontal)
        heights = [panel.height for panel in right]
        window.resizeDocks(docks, heights, Qt.Orientation.Vertical)

    def show(self, key: str) -> None:
        """Show one dock, before those that share its place."""
        self.docks[key].show()
        self.docks[key].raise_()

    def show_all(self, on: bool) -> None:
        """Show or hide all docks."""
        for dock in self.docks.values():
            dock.setVisible(on)


def add_docks(window: QMainWindow, desk: Desk) -> Docks:
    """A dock for each of PANELS: it can be moved, torn off, and closed."""
    window.setDockOptions(
        QMainWindow.DockOption.AllowTabbedDocks | QMainWindow.DockOption.AllowNestedDocks
    )
    window.setCorner(Qt.Corner.BottomRightCorner, _AREA.RightDockWidgetArea)
    panels = {panel.key: panel.make(desk) for panel in PANELS}
    docks = {panel.key: _dock(panel, panels[panel.key], window) for panel in PANELS}
    made = Docks(docks, panels)
    made.arrange(window)
    return made


def _dock(panel: Panel, widget: QWidget, window: QMainWindow) -> QDockWidget:
    dock = QDockWidget(tr(panel.title), window)
    dock.setObjectName(panel.key)
    if panel.scrolls:
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(widget)
        dock.setWidget(scroll)
    else:
        dock.setWidget(widget)
    return dock
