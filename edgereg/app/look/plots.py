"""What all plots of the window share."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont

from edgereg.app.look.theme import Theme
from edgereg.paint.style import Rgb

pg.setConfigOptions(antialias=True)


def new_plot() -> Any:
    """A plot without menus and without a life of its own under the mouse."""
    plot = pg.PlotWidget()
    plot.setMenuEnabled(False)
    plot.setMouseEnabled(x=False, y=False)
    plot.hideButtons()
    plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    for side in ("left", "bottom"):
        axis = plot.getAxis(side)
        axis.setTickFont(QFont(axis.font().family(), 8))
        axis.setStyle(tickLength=-4)
    return plot


def set_plot_theme(plot: Any, theme: Theme) -> None:
    """Colour a plot."""
    plot.setBackground(QColor(theme.panel))
    for side in ("left", "bottom"):
        axis = plot.getAxis(side)
        axis.setPen(QColor(theme.line))
        axis.setTextPen(QColor(theme.dim))


def pen(colour: Rgb | str, width: float, *, dashed: bool = False) -> Any:
    """A pen in a palette's colour or a theme's."""
    style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
    return pg.mkPen(colour, width=width, style=style)
