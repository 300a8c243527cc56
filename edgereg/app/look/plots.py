"""What all plots of the window share: plots, and things on them that Qt draws by itself.

pyqtgraph's own curves, lines and dots are painted in Python. Each paint waits for other threads'
Python, several times over, which a window that plays can't afford.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainterPath
from PySide6.QtWidgets import (
    QGraphicsEllipseItem,
    QGraphicsItem,
    QGraphicsLineItem,
    QGraphicsPathItem,
)

from edgereg.app.look.theme import Theme
from edgereg.core.arrays import FloatArray
from edgereg.paint.style import Rgb

pg.setConfigOptions(antialias=True)

_DOT = 7.0


def new_plot() -> Any:
    """A plot without menus and without a life of its own under the mouse."""
    plot = pg.PlotWidget()
    plot.setMenuEnabled(False)
    plot.setMouseEnabled(x=False, y=False)
    plot.hideButtons()
    plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    for side in ("left", "bottom"):
        axis = plot.getAxis(side)
        # Numbers are drawn anew where they change, not with every curve.
        axis.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
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
    """A pen in a palette's colour or a theme's, as wide on the screen at any zoom."""
    style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
    return pg.mkPen(colour, width=width, style=style, cosmetic=True)


class Curve:
    """A curve on a plot; filled: down to 0."""

    def __init__(self, plot: Any, rgb: Rgb, width: float, *, filled: bool = False) -> None:
        self._filled = filled
        self._line = QGraphicsPathItem()
        self._line.setPen(pen(rgb, width))
        self._items = [self._line]
        if filled:
            self._area = QGraphicsPathItem()
            self._area.setPen(QColor(0, 0, 0, 0))
            self._area.setBrush(QColor(*rgb, 60))
            self._items.append(self._area)
        for item in self._items:
            plot.getViewBox().addItem(item, ignoreBounds=True)

    def set_data(self, x: npt.NDArray[np.floating], y: FloatArray) -> None:
        """x, y: [N]; gaps where y is NaN."""
        self._line.setPath(pg.arrayToQPath(x.astype(np.float64), y.astype(np.float64), "finite"))
        if self._filled and len(x):
            area = QPainterPath(self._line.path())
            area.lineTo(float(x[-1]), 0.0)
            area.lineTo(float(x[0]), 0.0)
            self._area.setPath(area)

    def clear(self) -> None:
        """Show nothing."""
        for item in self._items:
            item.setPath(QPainterPath())

    def remove(self, plot: Any) -> None:
        """Leave a plot."""
        for item in self._items:
            plot.getViewBox().removeItem(item)


class Rule:
    """A line across a plot from bottom to top."""

    def __init__(self, plot: Any, colour: Rgb | str, width: float, *, dashed: bool = False) -> None:
        self._item = QGraphicsLineItem()
        self._item.setPen(pen(colour, width, dashed=dashed))
        self.value: float | None = None
        plot.getViewBox().addItem(self._item, ignoreBounds=True)
        self.set_value(None)

    def set_colour(self, colour: Rgb | str, width: float) -> None:
        """Take another colour."""
        self._item.setPen(pen(colour, width))

    def set_value(self, value: float | None, low: float = 0.0, high: float = 1.0) -> None:
        """Stand at a value; None: nowhere. low, high: its ends."""
        self.value = value
        self._item.setVisible(value is not None)
        if value is not None:
            self._item.setLine(value, low, value, high)


class Dots:
    """Dots on a plot, the later the stronger."""

    def __init__(self, plot: Any, rgb: Rgb) -> None:
        self._plot, self._rgb = plot, rgb
        self._items: list[QGraphicsEllipseItem] = []
        self.places: list[tuple[float, float]] = []

    def set_data(self, x: FloatArray, y: FloatArray) -> None:
        """x, y: [N]."""
        self.places = list(zip(x.tolist(), y.tolist(), strict=True))
        if len(self.places) != len(self._items):
            self._make(len(self.places))
        for item, place in zip(self._items, self.places, strict=True):
            item.setPos(*place)

    def clear(self) -> None:
        """Show none."""
        self.set_data(np.zeros(0, np.float32), np.zeros(0, np.float32))

    def _make(self, count: int) -> None:
        view = self._plot.getViewBox()
        for item in self._items:
            view.removeItem(item)
        self._items = []
        for grade in np.linspace(60, 255, count).tolist():
            item = QGraphicsEllipseItem(QRectF(-_DOT / 2, -_DOT / 2, _DOT, _DOT))
            item.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIgnoresTransformations)
            item.setPen(QColor(0, 0, 0, 0))
            item.setBrush(QColor(*self._rgb, round(grade)))
            view.addItem(item, ignoreBounds=True)
            self._items.append(item)
