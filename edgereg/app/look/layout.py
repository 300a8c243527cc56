"""Where the window's widgets lie: picture and bars on the left, panels in a dock on the right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QDockWidget,
    QMainWindow,
    QStackedWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

_DOCK_WIDTH = 430


def stack(*widgets: QWidget) -> QStackedWidget:
    """Widgets of which one is seen at a time; the first to begin with."""
    stacked = QStackedWidget()
    for widget in widgets:
        stacked.addWidget(widget)
    return stacked


def column(widgets: Sequence[QWidget], wide: QWidget) -> QWidget:
    """Widgets below each other; one of them takes what room is left."""
    holder = QWidget()
    layout = QVBoxLayout(holder)
    layout.setContentsMargins(8, 4, 8, 4)
    layout.setSpacing(8)
    for widget in widgets:
        layout.addWidget(widget, 1 if widget is wide else 0)
    return holder


def add_dock(window: QMainWindow, content: QWidget) -> QDockWidget:
    """A dock on the right that can be made wider, but neither closed nor torn off."""
    dock = QDockWidget()
    dock.setObjectName("inspector")
    dock.setTitleBarWidget(QWidget())
    dock.setWidget(content)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    window.resizeDocks([dock], [_DOCK_WIDTH], Qt.Orientation.Horizontal)
    return dock


def add_toolbar(window: QMainWindow, actions: Iterable[QAction]) -> QToolBar:
    """A bar of buttons with icon and text."""
    toolbar = QToolBar(movable=False)
    toolbar.setObjectName("tools")
    toolbar.setIconSize(QSize(20, 20))
    toolbar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    for action in actions:
        toolbar.addAction(action)
    window.addToolBar(toolbar)
    return toolbar
