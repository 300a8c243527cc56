"""The list of tasks: switch each on and off, and see why one does not run."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from edgereg.app.desk import Desk
from edgereg.app.look.language import tr
from edgereg.app.player.catalogue import Catalogue
from edgereg.assembly import DEFAULT_TASKS
from edgereg.pipeline.stats import Report


class TaskPanel(QWidget):
    """Switches the desk's tasks, and tries failed ones again."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._choices = desk.choices
        self._rows: dict[str, TaskRow] = {}
        self._empty = QLabel(tr("loading models …"))
        self._empty.setObjectName("dim")
        self.retry = QPushButton(tr("Try again"))
        self.retry.setToolTip(tr("Run the switched-off tasks again from here on"))
        self.retry.clicked.connect(desk.player.reopen)
        self.retry.hide()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(14, 8, 14, 8)
        self._column.setSpacing(8)
        for widget in (self._empty, self.retry):
            self._column.addWidget(widget)
        self._column.addStretch(1)
        desk.catalogued.connect(self.set_catalogue)
        desk.choices.changed.connect(self._show_choices)
        desk.player.polled.connect(self._show_report)

    def set_catalogue(self, catalogue: Catalogue) -> None:
        """List the tasks; those that could not be loaded stand there with the reason."""
        usable = {loaded.name for loaded in catalogue.tasks}
        on = {name for name, row in self._rows.items() if row.box.isChecked()}
        for row in self._rows.values():
            row.deleteLater()
        self._rows.clear()
        # All of them at once would be slow: the others are a click away.
        usual = set(DEFAULT_TASKS) & usable or usable
        first = on & usable or set(catalogue.chosen) & usable or usual
        for name, title in catalogue.titles.items():
            row = TaskRow(name, title, usable=name in usable)
            row.box.setChecked(name in self._with_upstreams(first, catalogue))
            row.set_reason(catalogue.unusable.get(name, ""))
            row.box.toggled.connect(self._choose)
            self._rows[name] = row
            self._column.insertWidget(self._column.count() - 2, row)
        self._empty.setText(tr("no tasks are installed; see: edgereg plugin list"))
        self._empty.setVisible(not self._rows)
        self._choose()

    @staticmethod
    def _with_upstreams(names: set[str], catalogue: Catalogue) -> set[str]:
        above = {each.name: each.task.upstream for each in catalogue.tasks}
        return names | {up for name in names if (up := above[name]) is not None}

    def _show_report(self, report: Report) -> None:
        """Name the tasks that the pipeline has switched off, with the reason of each."""
        reasons = report.switched_off
        for name, row in self._rows.items():
            if row.usable:
                row.set_reason(reasons.get(name, ""))
        self.retry.setVisible(bool(reasons))

    def reason(self, name: str) -> str:
        """What is said about a task; empty if it runs."""
        return self._rows[name].reason.text()

    def box(self, name: str) -> QCheckBox:
        """The check box of a task."""
        return self._rows[name].box

    def _choose(self) -> None:
        rows = self._rows.items()
        off = frozenset(name for name, row in rows if row.usable and not row.box.isChecked())
        if off != self._choices.off:
            self._choices.set_off(off)

    def _show_choices(self) -> None:
        for name, row in self._rows.items():
            if row.usable:
                row.box.setChecked(name not in self._choices.off)


class TaskRow(QWidget):
    """One task."""

    def __init__(self, name: str, title: str, *, usable: bool) -> None:
        super().__init__()
        self.usable = usable
        self.box = QCheckBox(title or name)
        self.box.setChecked(usable)
        self.box.setEnabled(usable)
        self.box.setToolTip(f"{title} ({name})")
        self.box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        # A title that is too long for a narrow panel is cut off, and whole in the tool tip.
        self.box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.reason = QLabel()
        self.reason.setObjectName("reason")
        self.reason.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.box)
        column.addWidget(self.reason)
        self.set_reason("")

    def set_reason(self, text: str) -> None:
        """Say why it does not run; an empty text: it runs."""
        if text != self.reason.text():
            self.reason.setText(text)
        self.reason.setVisible(bool(text))
