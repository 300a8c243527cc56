"""What can be done with a plot: zoom it, copy it, save it as a picture or as numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pyqtgraph.exporters import ImageExporter
from PySide6.QtCore import QBuffer, Qt
from PySide6.QtGui import QGuiApplication, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QFileDialog, QGraphicsItem, QMenu

from edgereg.app.look.language import tr
from edgereg.app.look.plots import Plot

# A picture on a page has more pixels than one on the screen.
_SHARPER = 3


@dataclass(frozen=True)
class Numbers:
    """What a plot shows: columns [N] of equal length, by their names; NaN where nothing is."""

    names: Sequence[str]
    columns: Sequence[npt.NDArray[np.floating]]

    def as_csv(self) -> str:
        """A table with a head; empty cells for NaN."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.names)
        for row in zip(*(column.tolist() for column in self.columns), strict=True):
            writer.writerow(["" if np.isnan(value) else f"{value:.6g}" for value in row])
        return text.getvalue()


def add_menu(plot: Plot, numbers: Callable[[], Numbers]) -> None:
    """Give a plot its menu: by the right button, or the menu key while it has the focus.

    numbers: asked when they are copied or saved. Files are called by the plot's accessible name.
    """
    plot.setToolTip(tr("Ctrl and the wheel zoom, a double click shows all; right button: more"))
    plot.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
    plot.customContextMenuRequested.connect(
        lambda at: plot_menu(plot, numbers).popup(plot.mapToGlobal(at))
    )


def plot_menu(plot: Plot, numbers: Callable[[], Numbers]) -> QMenu:
    """The menu itself."""
    menu = QMenu(plot)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.addAction(tr("Zoom &in"), lambda: plot.zoom(1.5))
    menu.addAction(tr("Zoom &out"), lambda: plot.zoom(1 / 1.5))
    menu.addAction(tr("&Show all"), plot.follow)
    menu.addSeparator()
    clipboard = QGuiApplication.clipboard()
    menu.addAction(tr("&Copy the picture"), lambda: clipboard.setPixmap(plot.grab()))
    menu.addAction(tr("Copy the &numbers"), lambda: clipboard.setText(numbers().as_csv()))
    menu.addSeparator()
    menu.addAction(tr("S&ave…"), lambda: _ask_and_save(plot, numbers))
    return menu


def save_plot(plot: Plot, target: Path, numbers: Numbers) -> None:
    """Save a plot by the ending of a file: .svg, .csv, else a picture. Raises OSError."""
    if target.suffix == ".csv":
        target.write_text(numbers.as_csv(), "utf-8")
        return
    axes = [plot.getAxis(side) for side in ("left", "bottom")]
    for axis in axes:  # else pictures would have the pixels of the screen
        axis.setCacheMode(QGraphicsItem.CacheMode.NoCache)
    try:
        if target.suffix == ".svg":
            _save_svg(plot, target)
        else:
            exporter = ImageExporter(plot.getPlotItem())
            exporter.parameters()["width"] = plot.width() * _SHARPER
            if not exporter.export(toBytes=True).save(str(target)):
                raise OSError(f"{target}: a picture can't be written there")
    finally:
        for axis in axes:
            axis.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)


def _save_svg(plot: Plot, target: Path) -> None:
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(plot.size())
    generator.setViewBox(plot.rect())
    painter = QPainter(generator)
    plot.render(painter)
    painter.end()
    target.write_bytes(bytes(buffer.data().data()))


def _ask_and_save(plot: Plot, numbers: Callable[[], Numbers]) -> None:
    kinds = f"PNG (*.png);;SVG (*.svg);;{tr('Numbers')} (*.csv)"
    suggestion = f"{plot.accessibleName()}.png"
    chosen, kind = QFileDialog.getSaveFileName(plot, tr("Save as"), suggestion, kinds)
    if not chosen:
        return
    ending = kind[kind.find("*") + 1 : kind.rfind(")")]
    target = Path(chosen) if Path(chosen).suffix else Path(chosen).with_suffix(ending)
    try:
        save_plot(plot, target, numbers())
    except OSError as error:
        plot.failed.emit(str(error))
