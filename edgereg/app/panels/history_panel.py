"""The values looked at, over time, with a line at the picture's moment."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from edgereg.app.look.plots import new_plot, pen, set_plot_theme
from edgereg.app.look.theme import DARK, Theme
from edgereg.app.player.record import Series
from edgereg.core.frames import SourceInfo
from edgereg.core.kinds import ValueSpec
from edgereg.paint.style import colour_of, hex_colour

_LIVE_WINDOW_S = 20.0
MOST_LINES = 6


class HistoryPanel(QWidget):
    """`sought(seconds)`: the user clicked at a time."""

    sought = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = DARK
        self._duration: float | None = None
        self._lines: list[Any] = []
        self._names: tuple[str, ...] = ()
        self._legend = QLabel("Values over time")
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        self._plot = new_plot()
        self._plot.setMinimumHeight(72)
        self._plot.showGrid(y=True, alpha=0.2)
        self._now = pg.InfiniteLine(pen=pen(DARK.text, 1))
        self._plot.addItem(self._now)
        self._plot.scene().sigMouseClicked.connect(self._on_click)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self._legend)
        column.addWidget(self._plot, 1)

    @property
    def lines(self) -> list[Any]:
        """The curves in use."""
        return self._lines

    def set_theme(self, theme: Theme) -> None:
        """Take another theme's colours."""
        self._theme = theme
        set_plot_theme(self._plot, theme)
        self._now.setPen(pen(theme.text, 1))

    def set_source(self, info: SourceInfo | None, duration_s: float = 0.0) -> None:
        """Begin anew with a source."""
        self.set_length(info, duration_s)
        for line in self._lines:
            line.setData([], [])
        self.setVisible(info is not None)

    def set_length(self, info: SourceInfo | None, duration_s: float) -> None:
        """Fit the time axis to what is known of the source by now."""
        ends = info is not None and info.frame_count and not info.live
        self._duration = duration_s if ends else None

    def show_series(self, series: Series, specs: tuple[ValueSpec, ...], now_s: float) -> None:
        """Draw one line per value, with no more points than the plot has room for."""
        series = series.thinned(max(self._plot.width(), 200))
        names = tuple(spec.name for spec in specs if spec.size == 1)[:MOST_LINES]
        if names != self._names:
            self._name_lines(names)
        for d, line in enumerate(self._lines):
            known = series.values.shape[1] > d
            line.setData(series.times, series.values[:, d] if known else [], connect="finite")
        self.show_now(now_s)

    def show_now(self, now_s: float) -> None:
        """Put the line at the picture's moment, in seconds."""
        self._now.setValue(now_s)
        start, end = self._window(now_s)
        self._plot.setXRange(start, end, padding=0.01)

    def _window(self, now_s: float) -> tuple[float, float]:
        if self._duration is not None:
            return 0.0, max(self._duration, 0.1)
        return max(now_s - _LIVE_WINDOW_S, 0.0), max(now_s, _LIVE_WINDOW_S)

    def _name_lines(self, names: tuple[str, ...]) -> None:
        for line in self._lines:
            self._plot.removeItem(line)
        self._names = names
        self._lines = [self._plot.plot(pen=pen(colour_of(d), 1.8)) for d in range(len(names))]
        coloured = (
            f"<span style='color:{hex_colour(colour_of(d))}'>■</span> {name}"
            for d, name in enumerate(names)
        )
        self._legend.setText("<b>Over time</b> &nbsp; " + " &nbsp; ".join(coloured))

    def _on_click(self, event: Any) -> None:
        place = self._plot.plotItem.vb.mapSceneToView(event.scenePos())
        self.sought.emit(max(float(place.x()), 0.0))
