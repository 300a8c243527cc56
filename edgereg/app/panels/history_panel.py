"""The values looked at, over time, with a line at the picture's moment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from edgereg.app.desk import Desk
from edgereg.app.look.language import tr
from edgereg.app.look.plot_menu import Numbers, add_menu
from edgereg.app.look.plots import Curve, Plot, Rule, set_plot_theme
from edgereg.app.look.theme import DARK, Theme
from edgereg.app.panels.redraw import Redraw
from edgereg.app.player.record import Series
from edgereg.core.kinds import specs_of
from edgereg.paint.style import colour_of, hex_colour

_LIVE_WINDOW_S = 20.0
MOST_LINES = 6
_NO_VALUES = Series(np.zeros(0), np.zeros((0, 0), np.float32))


class HistoryPanel(QWidget):
    """`sought(seconds)`: the user clicked at a time."""

    sought = Signal(float)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._player, self._looking, self._comparing = desk.player, desk.looking, desk.comparing
        self._theme = DARK
        self._lines: list[Curve] = []
        self._others: list[Curve] = []
        self.beside: Series | None = None
        self.shown = _NO_VALUES
        self._names: tuple[str, ...] = ()
        self._redraw = Redraw(desk.player, self.draw, self)
        self._legend = QLabel()
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        self._plot = Plot(times=True)
        self._plot.setMinimumHeight(60)
        self._plot.showGrid(y=True, alpha=0.2)
        self._now = Rule(self._plot, DARK.text, 1)
        self._heights: tuple[float, float] | None = None
        self._plot.clicked.connect(lambda x: self.sought.emit(max(x, 0.0)))
        self._plot.let_go.connect(self.draw)
        self._plot.moved.connect(self._redraw.soon)
        self._plot.failed.connect(desk.messages.fail)
        self._plot.setAccessibleName(tr("Values over time"))
        add_menu(self._plot, self._numbers)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 4, 14, 8)
        column.setSpacing(2)
        column.addWidget(self._legend)
        column.addWidget(self._plot, 1)
        desk.themed.connect(self._set_theme)
        desk.looking.changed.connect(self.draw)
        desk.comparing.changed.connect(self.draw)
        desk.player.learnt.connect(self._redraw.soon)
        desk.player.measured.connect(lambda _: self._redraw.soon())
        self.sought.connect(desk.playback.seek_time)

    def draw(self) -> None:
        """Draw one line per value, with no more points than the plot has room for."""
        task, result = self._looking.task, self._looking.result
        if task is None or not self.isVisible():
            return
        specs = specs_of(task.kinds)
        names = tuple(spec.name for spec in specs if spec.size == 1)[:MOST_LINES]
        if names != self._names:
            self._name_lines(names)
        self.shown = self._looking.series()
        self._show_legend()
        self.beside = self._comparing.series(task.name, self._looking.focus.track)
        drawn = self._draw_lines(self._lines, self.shown)
        beside = self._draw_lines(self._others, self.beside or _NO_VALUES)
        low, high = self._fit_heights([drawn, beside])
        if result is not None:
            self._now.set_value(result.time_s, low, high)
            self._plot.show_range(*self._window(result.time_s))

    def _draw_lines(self, lines: Sequence[Curve], whole: Series) -> Series:
        """Draw values, a line each; returns what is drawn."""
        series = self._part(whole).thinned(max(self._plot.width(), 200))
        for d, line in enumerate(lines):
            if series.values.shape[1] > d:
                line.set_data(series.times, series.values[:, d])
            else:
                line.clear()
        return series

    def _part(self, whole: Series) -> Series:
        """What of a series is seen where the user has zoomed."""
        if not self._plot.free:
            return whole
        (low, high), _ = self._plot.getViewBox().viewRange()
        first, last = np.searchsorted(whole.times, (low, high)).tolist()
        part = slice(max(first - 1, 0), last + 1)
        return Series(whole.times[part], whole.values[part])

    def _fit_heights(self, drawn: Sequence[Series]) -> tuple[float, float]:
        """Room for all values, and some more, so that it need not grow with each of them."""
        values = [series.values[:, : len(self._lines)].ravel() for series in drawn]
        known = np.concatenate(values)
        known = known[np.isfinite(known)]
        if not len(known):
            return self._heights or (0.0, 1.0)
        low, high = float(known.min()), float(known.max())
        old = self._heights
        if old is None or low < old[0] or high > old[1] or old[1] - old[0] > 3 * (high - low + 1):
            margin = 0.1 * (high - low) + 0.5
            self._heights = low - margin, high + margin
            self._plot.setYRange(*self._heights, padding=0)
        return self._heights or (low, high)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """What came meanwhile was not drawn."""
        self._redraw.soon()

    def _set_theme(self, theme: Theme) -> None:
        self._theme = theme
        set_plot_theme(self._plot, theme)
        self._now.set_colour(theme.text, 1)

    def _window(self, now_s: float) -> tuple[float, float]:
        info = self._player.info
        if info is not None and info.frame_count and not info.live:
            return 0.0, max(self._player.duration_s, 0.1)
        return max(now_s - _LIVE_WINDOW_S, 0.0), max(now_s, _LIVE_WINDOW_S)

    def _name_lines(self, names: tuple[str, ...]) -> None:
        for line in (*self._lines, *self._others):
            line.remove(self._plot)
        self._names, self._heights = names, None
        self._lines = [Curve(self._plot, colour_of(d), 1.8) for d in range(len(names))]
        self._others = [Curve(self._plot, colour_of(d), 1, dashed=True) for d in range(len(names))]

    def _show_legend(self) -> None:
        parts = [
            f"<span style='color:{hex_colour(colour_of(d))}'>■</span> {name}"
            for d, name in enumerate(self._names)
        ]
        if beside := self._comparing.beside:
            parts.append(f"┄ {tr(beside)}")
        self._legend.setText(" &nbsp; ".join(parts))

    @property
    def plot(self) -> Plot:
        """The plot itself."""
        return self._plot

    def _numbers(self) -> Numbers:
        count = len(self._names)
        names, columns = [*self._names], [*self.shown.values[:, :count].T]
        if self.beside is not None and len(self.beside.times):
            # At the same times; a frame that only one of them knows has no number of the other.
            places = np.searchsorted(self.beside.times, self.shown.times)
            places = np.minimum(places, len(self.beside.times) - 1)
            same = np.isclose(self.beside.times[places], self.shown.times, atol=1e-6)
            names += [f"{name}_beside" for name in self._names]
            columns += [*np.where(same, self.beside.values[places, :count].T, np.nan)]
        return Numbers(("time_s", *names), (self.shown.times, *columns))
