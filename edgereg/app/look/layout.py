"""Where the window's own widgets lie: the picture above the bars, tools above all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QToolBar, QVBoxLayout, QWidget

_USUAL = QSize(1360, 860)


def fit_to_screen(window: QWidget) -> None:
    """The usual size, or the screen's where that is smaller."""
    window.resize(_USUAL.boundedTo(window.screen().availableSize()))


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
    layout.setContentsMargins(8, 2, 4, 4)
    layout.setSpacing(6)
    for widget in widgets:
        layout.addWidget(widget, 1 if widget is wide else 0)
    return holder


def add_toolbar(window: QMainWindow, actions: Iterable[QAction], title: str) -> QToolBar:
    """A bar of buttons with icon and text."""
    toolbar = QToolBar(title, movable=False)
    toolbar.setObjectName("tools")
    toolbar.setIconSize(QSize(20, 20))
    toolbar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    for action in actions:
        toolbar.addAction(action)
    window.addToolBar(toolbar)
    return toolbar
