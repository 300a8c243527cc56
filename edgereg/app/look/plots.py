"""What all plots of the window share: plots, and things on them that Qt draws by itself.

pyqtgraph's own curves, lines and dots are painted in Python. Each paint waits for other threads'
Python, several times over, which a window that plays can't afford.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QMouseEvent, QPainterPath, QWheelEvent
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


class TimeAxis(pg.AxisItem):  # type: ignore[misc]
    """Seconds as m:ss, with tenths where they are told apart."""

    def tickStrings(  # noqa: N802 - pyqtgraph's name
        self, values: Sequence[float], scale: float, spacing: float
    ) -> list[str]:
        """What stands at the ticks."""
        tenths = 10 if spacing < 1 else 1
        texts = []
        for value in values:
            minutes, rest = divmod(round(max(value, 0.0) * tenths), 60 * tenths)
            seconds = f"{rest / 10:04.1f}" if tenths == 10 else f"{rest:02}"
            texts.append(f"{minutes}:{seconds}")
        return texts


class Plot(pg.PlotWidget):  # type: ignore[misc]
    """A plot whose range follows what it shows until the user zooms it (Ctrl and the wheel) or
    drags it; a double click lets it follow again.

    `clicked(x)`: a click without a drag, at a place on the x axis; `moved()`: the user has zoomed
    or dragged; `let_go()`: it follows again; `failed(str)`: it could not be saved.
    """

    clicked = Signal(float)
    moved = Signal()
    let_go = Signal()
    failed = Signal(str)

    def __init__(self, *, times: bool = False) -> None:
        axes = {"bottom": TimeAxis("bottom")} if times else {}
        # Its own menu, which nobody would see, costs a third of a plot.
        super().__init__(axisItems=axes, enableMenu=False)
        self.free = False
        self.setMouseEnabled(x=True, y=False)
        self.hideButtons()
        # Its background is its own: nothing below it need be painted.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.getViewBox().sigRangeChangedManually.connect(self._on_moved)
        self.scene().sigMouseClicked.connect(self._on_click)
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            # Numbers are drawn anew where they change, not with every curve.
            axis.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
            axis.setTickFont(QFont(axis.font().family(), 8))
            axis.setStyle(tickLength=-4)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Zoom about the pointer with Ctrl; else the panel scrolls."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(event)
        else:
            event.ignore()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Follow again."""
        self.follow()

    def zoom(self, factor: float) -> None:
        """Zoom about the middle."""
        self.getViewBox().scaleBy(x=1 / factor)
        self._on_moved()

    def follow(self) -> None:
        """Let the range follow what is shown again."""
        self.free = False
        self.let_go.emit()

    def show_range(self, low: float, high: float) -> None:
        """The range of x, where the user has not taken another."""
        if not self.free:
            self.setXRange(low, high, padding=0)

    def _on_moved(self, *_: Any) -> None:
        self.free = True
        self.moved.emit()

    def _on_click(self, event: Any) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            place = self.getViewBox().mapSceneToView(event.scenePos())
            self.clicked.emit(float(place.x()))


def set_plot_theme(plot: Plot, theme: Theme) -> None:
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

    def __init__(
        self, plot: Plot, rgb: Rgb, width: float, *, filled: bool = False, dashed: bool = False
    ) -> None:
        self._filled = filled
        self._line = QGraphicsPathItem()
        self._line.setPen(pen(rgb, width, dashed=dashed))
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

    def remove(self, plot: Plot) -> None:
        """Leave a plot."""
        for item in self._items:
            plot.getViewBox().removeItem(item)


class Rule:
    """A line across a plot from bottom to top."""

    def __init__(
        self, plot: Plot, colour: Rgb | str, width: float, *, dashed: bool = False
    ) -> None:
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

    def __init__(self, plot: Plot, rgb: Rgb) -> None:
        self._plot, self._rgb = plot, rgb
        self._items: list[QGraphicsEllipseItem] = []
        self.places: list[tuple[float, float]] = []

    def set_data(self, x: npt.NDArray[np.floating], y: npt.NDArray[np.floating]) -> None:
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
