"""The density over two values of what is looked at, and the ascent on it, step by step."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QSlider, QVBoxLayout, QWidget
from superqt import QElidingLabel

from edgereg.app.desk import Desk
from edgereg.app.look.language import tr
from edgereg.app.look.plot_menu import Numbers, add_menu
from edgereg.app.look.plots import Curve, Dots, Plot, set_plot_theme
from edgereg.app.look.theme import tabular
from edgereg.app.panels.inspector import lacks_features
from edgereg.app.panels.redraw import Redraw
from edgereg.app.player.density_worker import Answer, Question, answer
from edgereg.app.player.latest import LatestWorker
from edgereg.core.predictions import Predictions
from edgereg.density import DensityMap
from edgereg.paint.style import INK, heat_colours

_PATH = (120, 220, 255)


class MapPanel(QWidget):
    """Asks for the density only while it can be seen. The slider goes along the ascent."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._looking, self._player = desk.looking, desk.player
        self.shown: DensityMap | None = None
        self._energy: list[float] = []
        self._worker = LatestWorker(answer, "density", self)
        self._worker.answers.arrived.connect(self._show_answer)
        self._redraw = Redraw(desk.player, self.draw, self)
        self.across, self.down = QComboBox(), QComboBox()
        self.plot = Plot()
        self.plot.setAccessibleName(tr("Density of two values"))
        self.plot.setMinimumHeight(100)
        self._image = pg.ImageItem()
        self.plot.getViewBox().addItem(self._image, ignoreBounds=True)
        self._path = Curve(self.plot, _PATH, 1.5)
        self._dots, self.step = Dots(self.plot, _PATH), Dots(self.plot, INK)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 0)
        self.slider.setAccessibleName(tr("Step of the ascent"))
        self.slider.setToolTip(tr("Step of the ascent"))
        self.text = QElidingLabel()
        tabular(self.text)
        self._arrange()
        add_menu(self.plot, self._numbers)
        self.slider.valueChanged.connect(self._show_step)
        self.plot.let_go.connect(self._fit)
        self.plot.failed.connect(desk.messages.fail)
        for box in (self.across, self.down):
            box.currentIndexChanged.connect(self.draw)
        desk.looking.changed.connect(self._on_changed)
        desk.themed.connect(lambda theme: set_plot_theme(self.plot, theme))
        desk.closing.connect(self._worker.close)

    @property
    def _pair(self) -> tuple[int, int]:
        return self.across.currentIndex(), self.down.currentIndex()

    def draw(self) -> None:
        """Ask for the density of what is looked at now."""
        found, row, task = self._looking.found, self._looking.row, self._looking.task
        pair = self._pair
        if not self.isVisible():
            return
        if found is None or row is None or task is None or min(pair) < 0 or pair[0] == pair[1]:
            self._clear(tr("Two values of what is found are needed here."))
        elif lacks_features(task, found):
            self._player.compute_anew()
        else:
            self._worker.ask(Question(task, found, row, pair))

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """What came meanwhile was not drawn."""
        self._on_changed()

    def _on_changed(self) -> None:
        task = self._looking.task
        names = [target.name for target in task.spec.targets] if task and task.spec else []
        if [self.across.itemText(i) for i in range(self.across.count())] != names:
            for box, at in ((self.across, 0), (self.down, 1)):
                box.blockSignals(True)
                box.clear()
                box.addItems(names)
                box.setCurrentIndex(min(at, len(names) - 1))
                box.blockSignals(False)
            self._clear("")
        self.draw()

    def _show_answer(self, answer: Answer) -> None:
        wanted = answer.question.loaded is self._looking.task
        if not wanted or answer.question.pair != self._pair:
            return
        if answer.map is None:
            self._clear(tr(answer.problem))
        else:
            self._show_map(answer.map, answer.question.predictions, answer.question.row)

    def _show_map(self, found: DensityMap, predictions: Predictions, row: int) -> None:
        self.shown = found
        climb = predictions.refinement
        self._energy = [] if climb is None else climb.energy[row].tolist()
        self._image.setImage(heat_colours(np.sqrt(found.density)), axisOrder="row-major")
        half_x, half_y = (float(axis[1] - axis[0]) / 2 for axis in (found.x, found.y))
        self._image.setRect(
            QRectF(
                float(found.x[0]) - half_x,
                float(found.y[0]) - half_y,
                float(found.x[-1] - found.x[0]) + 2 * half_x,
                float(found.y[-1] - found.y[0]) + 2 * half_y,
            )
        )
        self._image.show()
        path = found.final[None] if found.path is None else found.path
        self._path.set_data(path[:, 0], path[:, 1])
        self._dots.set_data(path[:, 0], path[:, 1])
        at_end = self.slider.value() == self.slider.maximum()
        self.slider.setEnabled(found.path is not None)
        self.slider.setRange(0, len(path) - 1)
        if at_end:
            self.slider.setValue(len(path) - 1)
        self._fit()
        self._show_step()

    def _show_step(self) -> None:
        """Stand on an iterate, and say what it is."""
        found, step = self.shown, self.slider.value()
        if found is None:
            return
        place = found.final if found.path is None else found.path[min(step, len(found.path) - 1)]
        self.step.set_data(place[:1], place[1:])
        values = "  ".join(
            f"{name} {value:+.2f}" for name, value in zip(found.names, place.tolist(), strict=True)
        )
        if self._energy and found.path is not None:
            gain = self._energy[step] - self._energy[0]
            count = len(found.path) - 1
            where = tr("step {step} of {count}").format(step=step, count=count)
            values = f"{where} {values} {tr('log-density {gain:+.2f}').format(gain=gain)}"
        self.text.setText(values)
        self.text.setToolTip(values)

    def _fit(self) -> None:
        if self.shown is not None and not self.plot.free:
            x, y = self.shown.x, self.shown.y
            self.plot.setXRange(float(x[0]), float(x[-1]), padding=0)
            self.plot.setYRange(float(y[0]), float(y[-1]), padding=0)

    def _clear(self, why: str) -> None:
        self.shown, self._energy = None, []
        self._image.hide()
        self._path.clear()
        self._dots.clear()
        self.step.clear()
        self.text.setText(why)

    def _numbers(self) -> Numbers:
        if self.shown is None:
            return Numbers((), ())
        across, down = np.meshgrid(self.shown.x, self.shown.y)
        columns = (across.ravel(), down.ravel(), self.shown.density.ravel())
        return Numbers((*self.shown.names, "density"), columns)

    def _arrange(self) -> None:
        grid = QGridLayout()
        for row, (name, box) in enumerate(
            ((tr("Across"), self.across), (tr("Upwards"), self.down))
        ):
            label = QLabel(name)
            label.setObjectName("dim")
            label.setBuddy(box)
            for widget in (box, box.view()):
                widget.setAccessibleName(name)
            grid.addWidget(label, 0, 2 * row)
            grid.addWidget(box, 0, 2 * row + 1)
            grid.setColumnStretch(2 * row + 1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 8, 14, 8)
        column.setSpacing(6)
        column.addLayout(grid)
        column.addWidget(self.plot, 1)
        column.addWidget(self.slider)
        column.addWidget(self.text)
