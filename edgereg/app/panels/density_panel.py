"""Density curves of the prediction looked at, with its ascent on them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from edgereg.app.look.language import tr
from edgereg.app.look.plot_menu import Numbers, add_menu
from edgereg.app.look.plots import Curve, Dots, Plot, Rule, set_plot_theme
from edgereg.app.look.readout import Readout
from edgereg.app.look.theme import DARK, Theme, tabular
from edgereg.app.player.density_worker import Answer
from edgereg.core.arrays import FloatArray
from edgereg.core.model_spec import Target
from edgereg.density import DensityCurve
from edgereg.paint.style import colour_of, hex_colour

MOST_CURVES = 6
# From one plot to the next.
_TURN_MS = 35
# A curve's window holds all that is above this share of its peak.
_VISIBLE = 0.004
_NARROWEST = 0.15
# Of a curve's width: what a window leaves on each side when it moves, and how wide it may stay.
_MARGIN, _WIDEST = 0.4, 4.0
# Curves are drawn with a height of 1 in plots that are a little higher.
_HEADROOM = 1.1
# What is compared: seen on dark and on light ground, and no colour of a target.
_BESIDE = 150, 150, 150


class DensityPanel(QWidget):
    """One small plot per target: density, initial value (dashed), final value, iterates (dots).

    `failed(str)`: one could not be saved.
    """

    failed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = DARK
        self._plots: list[CurvePlot] = []
        # Curves that are still to be drawn, by plot, and the plot drawn last.
        self._waiting: dict[int, tuple[Answer, DensityCurve]] = {}
        self._latest = -1
        self._turns = QTimer(self, interval=_TURN_MS)
        self._turns.timeout.connect(self._show_next)
        self._note = QLabel(tr("Click a prediction in the picture to look at its density."))
        self._note.setObjectName("dim")
        self._note.setWordWrap(True)
        self._note.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._column.addWidget(self._note)

    @property
    def plots(self) -> Sequence[CurvePlot]:
        """The plots in use."""
        return self._plots

    def set_theme(self, theme: Theme) -> None:
        """Take another theme's colours."""
        self._theme = theme
        for plot in self._plots:
            plot.set_theme(theme)

    def show_answer(self, answer: Answer) -> None:
        """Show the curves of one prediction, or say why there are none."""
        curves = answer.curves[:MOST_CURVES]
        self._note.setText(tr(answer.problem))
        self._note.setVisible(bool(answer.problem))
        self._want(len(curves))
        self._waiting = {d: (answer, curve) for d, curve in enumerate(curves)}
        if self._waiting and not self._turns.isActive():
            self._show_next()
            self._turns.start()

    def _show_next(self) -> None:
        """Show one plot that waits: all in one turn would hold up the picture."""
        if not self._waiting:
            self._turns.stop()
            return
        d = next((d for d in sorted(self._waiting) if d > self._latest), min(self._waiting))
        answer, curve = self._waiting.pop(d)
        self._latest = d
        path = None if answer.trajectory is None else answer.trajectory[:, d]
        beside = next((each for each in answer.beside if each.name == curve.name), None)
        self._plots[d].show_curve(curve, path, beside)

    def clear(self, note: str) -> None:
        """Show empty plots, which keep their places, and say why where there are none."""
        self._waiting.clear()
        for plot in self._plots:
            plot.clear()
        self._note.setText(note)
        self._note.setVisible(not self._plots)

    def prepare(self, targets: Sequence[Target]) -> None:
        """Make the plots for a task's targets: too slow to be done while playing."""
        named = targets[:MOST_CURVES]
        self._want(len(named))
        for plot, target in zip(self._plots, named, strict=True):
            plot.show_target(target)
        self.clear("")

    def _want(self, count: int) -> None:
        self._waiting.clear()
        while len(self._plots) > count:
            plot = self._plots.pop()
            self._column.removeWidget(plot)
            plot.deleteLater()
        while len(self._plots) < count:
            plot = CurvePlot(len(self._plots), self._theme)
            plot.plot.failed.connect(self.failed)
            self._plots.append(plot)
            self._column.addWidget(plot, 1)


class CurvePlot(QWidget):
    """The density of one target."""

    def __init__(self, position: int, theme: Theme) -> None:
        super().__init__()
        self._rgb = colour_of(position)
        self._name = ""
        self._window: tuple[float, float] | None = None
        self.title = QLabel()
        self.title.setTextFormat(Qt.TextFormat.RichText)
        tabular(self.title)
        self._plot = Plot()
        self._plot.setMinimumHeight(52)
        self._plot.hideAxis("left")
        self._plot.setYRange(0, _HEADROOM, padding=0)
        self._curve = Curve(self._plot, self._rgb, 2, filled=True)
        self.initial = Rule(self._plot, self._rgb, 1.5, dashed=True)
        self.final = Rule(self._plot, theme.text, 2)
        self.iterates = Dots(self._plot, self._rgb)
        self._other = Curve(self._plot, _BESIDE, 1.5, dashed=True)
        self.other_final = Rule(self._plot, _BESIDE, 1.5, dashed=True)
        self.beside: DensityCurve | None = None
        self.shown: DensityCurve | None = None
        self._plot.let_go.connect(self._draw_anew)
        self._plot.moved.connect(self._draw_anew)
        add_menu(self._plot, self._numbers)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(Readout(self.title))
        column.addWidget(self._plot, 1)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take another theme's colours."""
        set_plot_theme(self._plot, theme)
        self.final.set_colour(theme.text, 2)
        self._dim = theme.dim

    def show_target(self, target: Target) -> None:
        """Name the target, and show its whole range."""
        self._name = f"<span style='color:{hex_colour(self._rgb)}'>■</span> <b>{target.name}</b>"
        self._window = None
        self._plot.free = False
        self._plot.show_range(target.low, target.high)
        self._plot.setAccessibleName(tr("Density of {name}").format(name=target.name))

    def show_curve(
        self, curve: DensityCurve, path: FloatArray | None, beside: DensityCurve | None = None
    ) -> None:
        """Show a curve as high as its plot; path: float32 [T+1], the iterates of this target, or
        None. beside: what it is compared with, dashed."""
        self.shown, self.beside = curve, beside
        heights = self._draw_curve(curve)
        self.final.set_value(curve.final, high=_HEADROOM)
        self.initial.set_value(curve.initial, high=_HEADROOM)
        if path is None:
            self.iterates.clear()
        else:
            self.iterates.set_data(path, np.interp(path, curve.x, heights))
        self.title.setText(self._headline(curve))
        if beside is None:
            self._other.clear()
            self.other_final.set_value(None)
        else:
            self._other.set_data(beside.x, beside.density / max(float(beside.density.max()), 1e-12))
            self.other_final.set_value(beside.final, high=_HEADROOM)

    def clear(self) -> None:
        """Show nothing."""
        self.shown = self.beside = None
        self.title.setText(self._name)
        self._curve.clear()
        self._other.clear()
        self.iterates.clear()
        for rule in (self.initial, self.final, self.other_final):
            rule.set_value(None)

    def _headline(self, curve: DensityCurve) -> str:
        before = ""
        if curve.initial is not None:
            start = tr("from {value:+.1f}").format(value=curve.initial)
            before = f" <span style='color:{self._dim}'>{start}</span>"
        if self.beside is not None:
            other = tr("beside {value:+.1f}").format(value=self.beside.final)
            before += f" <span style='color:{hex_colour(_BESIDE)}'>{other}</span>"
        unit = "°" if curve.unit in ("deg", "degree", "degrees", "°") else f" {curve.unit}"
        return f"{self._name} {curve.final:+.1f}{unit}{before}"

    @property
    def plot(self) -> Plot:
        """The plot itself."""
        return self._plot

    def _numbers(self) -> Numbers:
        if self.shown is None:
            return Numbers((), ())
        return Numbers((self.shown.name, "density"), (self.shown.x, self.shown.density))

    def _draw_curve(self, curve: DensityCurve) -> FloatArray:
        """Draw the part that is seen; returns the heights [G] of all."""
        low, high = self._fit_window(curve)
        inside = np.flatnonzero((curve.x >= low) & (curve.x <= high))
        # What lies outside of the window costs as much to draw as what is seen.
        whole = self._plot.free or not len(inside)
        seen = slice(None) if whole else slice(max(inside[0] - 1, 0), inside[-1] + 2)
        heights = curve.density / max(float(curve.density.max()), 1e-12)
        self._curve.set_data(curve.x[seen], heights[seen])
        return heights

    def _draw_anew(self) -> None:
        """Follow the mass again, or draw what lies outside of it too."""
        self._window = None
        if self.shown is not None:
            self._draw_curve(self.shown)

    def _fit_window(self, curve: DensityCurve) -> tuple[float, float]:
        """Follow the mass, but move seldom: numbers below a plot cost more than its curve."""
        low, high = window_of(curve)
        old = self._window
        if old is None or low < old[0] or high > old[1] or old[1] - old[0] > _WIDEST * (high - low):
            margin = _MARGIN * (high - low)
            old = (
                max(low - margin, float(curve.x[0])),
                min(high + margin, float(curve.x[-1])),
            )
            self._plot.show_range(*old)
        self._window = old
        return old


def window_of(curve: DensityCurve) -> tuple[float, float]:
    """The part of x that holds the density's mass and the initial and final values."""
    x = curve.x[curve.density >= _VISIBLE * curve.density.max()]
    places = [float(x[0]), float(x[-1]), curve.final]
    if curve.initial is not None:
        places.append(curve.initial)
    low, high = max(min(places), float(curve.x[0])), min(max(places), float(curve.x[-1]))
    lacking = max(_NARROWEST * float(curve.x[-1] - curve.x[0]) - (high - low), 0.0)
    return low - lacking / 2, high + lacking / 2
