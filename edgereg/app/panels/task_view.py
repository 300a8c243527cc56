"""The panel that a task offers itself: numbers, curves, pictures and choices, drawn here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap, QShowEvent
from PySide6.QtWidgets import QComboBox, QLabel, QVBoxLayout, QWidget

from edgereg.app.desk import Desk
from edgereg.app.look.language import tr
from edgereg.app.look.plot_menu import Numbers, add_menu
from edgereg.app.look.plots import Curve, Plot, set_plot_theme
from edgereg.app.look.theme import DARK, Theme, tabular
from edgereg.app.panels.redraw import Redraw
from edgereg.app.player.latest import LatestWorker
from edgereg.app.player.task_items import Items, ItemsQuestion, has_items, items_of
from edgereg.core.panels import PanelChoice, PanelCurve, PanelItem, PanelNumber, PanelPicture
from edgereg.core.shown import harmless
from edgereg.paint.style import colour_of

_PLOT_HEIGHT, _MOST_PICTURE = 120, 240


class TaskView(QWidget):
    """Asks the task looked at for its items, only while they can be seen."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._player, self._looking = desk.player, desk.looking
        self._theme = DARK
        self._chosen: dict[str, dict[str, str]] = {}
        self._form: tuple[Any, ...] = ()
        self.shown: dict[str, Shown] = {}
        self._worker = LatestWorker(items_of, "task items", self)
        self._worker.answers.arrived.connect(self._show)
        self._redraw = Redraw(desk.player, self.draw, self)
        self.note = QLabel()
        self.note.setObjectName("dim")
        self.note.setWordWrap(True)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(14, 8, 14, 8)
        self._column.setSpacing(6)
        self._column.addWidget(self.note)
        self._column.addStretch(1)
        desk.looking.changed.connect(self.draw)
        desk.catalogued.connect(lambda _: self._redraw.soon())
        desk.themed.connect(self._set_theme)
        desk.closing.connect(self._worker.close)

    def draw(self) -> None:
        """Ask for what is to be shown of the latest result."""
        task, result, guard = self._looking.task, self._player.current, self._player.guard
        if not self.isVisible():
            return
        if task is None or not has_items(task):
            self._show(Items("", problem=tr("The task looked at has no panel of its own.")))
        elif result is not None and guard is not None:
            chosen = self._chosen.get(task.name, {})
            self._worker.ask(ItemsQuestion(task, result, self._looking.row, dict(chosen), guard))

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """What came meanwhile was not drawn."""
        self._redraw.soon()

    def _set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for each in self.shown.values():
            each.set_theme(theme)

    def _show(self, items: Items) -> None:
        self.note.setText(harmless(items.problem))
        self.note.setVisible(bool(items.problem))
        form = (items.task, *((type(each), each.name) for each in items.items))
        if form != self._form:
            self._form = form
            self._build(items)
        for item in items.items:
            shown = self.shown[item.name]
            shown.show(item)
            if isinstance(shown, ChoiceBox):
                shown.select(self._chosen.get(items.task, {}).get(item.name))

    def _build(self, items: Items) -> None:
        for each in self.shown.values():
            each.widget.deleteLater()
        self.shown.clear()
        for item in items.items:
            made = MAKERS[type(item)](item, lambda name, to: self._choose(items.task, name, to))
            made.set_theme(self._theme)
            made.widget.setAccessibleName(harmless(item.name))
            self.shown[item.name] = made
            self._column.insertWidget(self._column.count() - 1, made.widget)

    def _choose(self, task: str, name: str, option: str) -> None:
        self._chosen.setdefault(task, {})[name] = option
        self.draw()


class NumberRow:
    """A name and a value."""

    def __init__(self, item: PanelItem, choose: Callable[[str, str], None]) -> None:
        self.widget = QLabel()
        self.widget.setTextFormat(Qt.TextFormat.PlainText)
        tabular(self.widget)

    def set_theme(self, theme: Theme) -> None:
        """The style sheet's colours do."""

    def show(self, item: Any) -> None:
        """Show another value."""
        value = item.value if isinstance(item.value, str) else f"{item.value:.{item.digits}f}"
        self.widget.setText(harmless(f"{item.name}  {value} {item.unit}".rstrip()))


class CurvePlot:
    """A curve with its name above."""

    def __init__(self, item: PanelItem, choose: Callable[[str, str], None]) -> None:
        self.widget = Plot()
        self.widget.setFixedHeight(_PLOT_HEIGHT)
        self.widget.setTitle(harmless(item.name), size="9pt")
        self.curve = Curve(self.widget, colour_of(0), 1.8)
        self._numbers = Numbers((), ())
        add_menu(self.widget, lambda: self._numbers)

    def set_theme(self, theme: Theme) -> None:
        """Take another theme's colours."""
        set_plot_theme(self.widget, theme)

    def show(self, item: Any) -> None:
        """Show another curve."""
        self._numbers = Numbers((item.x_name or "x", item.name), (item.x, item.y))
        self.curve.set_data(item.x, item.y)
        self.widget.setLabel("bottom", harmless(item.x_name) or None)
        known_x, known_y = item.x[np.isfinite(item.x)], item.y[np.isfinite(item.y)]
        if len(known_x) and len(known_y):
            self.widget.show_range(float(known_x.min()), float(known_x.max()))
            self.widget.setYRange(float(known_y.min()), float(known_y.max()), padding=0.05)


class PictureBox:
    """A picture in the panel's width."""

    def __init__(self, item: PanelItem, choose: Callable[[str, str], None]) -> None:
        self.widget = QLabel()
        self.widget.setToolTip(harmless(item.name))
        self.widget.setAlignment(Qt.AlignmentFlag.AlignCenter)

    def set_theme(self, theme: Theme) -> None:
        """A picture has its own colours."""

    def show(self, item: Any) -> None:
        """Show another picture."""
        height, width = item.image.shape[:2]
        if not height or not width:
            self.widget.clear()
            return
        data = np.ascontiguousarray(item.image)
        image = QImage(data.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        keep = Qt.AspectRatioMode.KeepAspectRatio
        smooth = Qt.TransformationMode.SmoothTransformation
        pixmap = QPixmap.fromImage(image)
        self.widget.setPixmap(pixmap.scaled(_MOST_PICTURE, _MOST_PICTURE, keep, smooth))


class ChoiceBox:
    """Options of which one is chosen."""

    def __init__(self, item: PanelItem, choose: Callable[[str, str], None]) -> None:
        self.widget = QComboBox()
        self.widget.view().setAccessibleName(harmless(item.name))
        self.widget.setToolTip(harmless(item.name))
        self.widget.textActivated.connect(lambda option: choose(item.name, option))

    def set_theme(self, theme: Theme) -> None:
        """The style sheet's colours do."""

    def show(self, item: Any) -> None:
        """Offer other options."""
        texts = [self.widget.itemText(i) for i in range(self.widget.count())]
        if texts != [*item.options]:
            self.widget.clear()
            self.widget.addItems(item.options)

    def select(self, option: str | None) -> None:
        """Show what is chosen; the first where that is not offered."""
        self.widget.setCurrentIndex(max(self.widget.findText(option or ""), 0))


Shown = NumberRow | CurvePlot | PictureBox | ChoiceBox
MAKERS: Mapping[type, Callable[[PanelItem, Callable[[str, str], None]], Shown]] = {
    PanelNumber: NumberRow,
    PanelCurve: CurvePlot,
    PanelPicture: PictureBox,
    PanelChoice: ChoiceBox,
}
