"""The list of tasks: switch each on and off, and see why one does not run."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from edgereg.app.player.catalogue import Catalogue
from edgereg.assembly import DEFAULT_TASKS


class TaskPanel(QFrame):
    """`changed(frozenset)`: names of tasks that are off. `retried`: run failed ones again."""

    changed = Signal(object)
    retried = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._rows: dict[str, TaskRow] = {}
        self._empty = QLabel("loading models …")
        self._empty.setObjectName("dim")
        self._retry = QPushButton("Try again")
        self._retry.setToolTip("Run the switched-off tasks again from here on")
        self._retry.clicked.connect(self.retried)
        self._retry.hide()
        heading = QLabel("Tasks")
        heading.setObjectName("heading")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(14, 12, 14, 12)
        self._column.setSpacing(8)
        for widget in (heading, self._empty, self._retry):
            self._column.addWidget(widget)

    def set_catalogue(self, catalogue: Catalogue) -> None:
        """List the tasks; those that could not be loaded stand there with the reason."""
        usable = {loaded.name for loaded in catalogue.tasks}
        # All of them at once would be slow: the others are a click away.
        first = set(DEFAULT_TASKS) & usable or usable
        for name, title in catalogue.titles.items():
            row = TaskRow(name, title, usable=name in usable)
            row.box.setChecked(name in self._with_upstreams(first, catalogue))
            row.set_reason(catalogue.unusable.get(name, ""))
            row.box.toggled.connect(self._announce)
            self._rows[name] = row
            self._column.insertWidget(self._column.count() - 1, row)
        self._empty.setText("no tasks are installed; see: edgereg plugin list")
        self._empty.setVisible(not self._rows)
        self._announce()

    @staticmethod
    def _with_upstreams(names: set[str], catalogue: Catalogue) -> set[str]:
        above = {each.name: each.task.upstream for each in catalogue.tasks}
        return names | {up for name in names if (up := above[name]) is not None}

    def show_switched_off(self, reasons: Mapping[str, str]) -> None:
        """Name the tasks that the pipeline has switched off, with the reason of each."""
        for name, row in self._rows.items():
            if row.usable:
                row.set_reason(reasons.get(name, ""))
        self._retry.setVisible(bool(reasons))

    def reason(self, name: str) -> str:
        """What is said about a task; empty if it runs."""
        return self._rows[name].reason.text()

    def box(self, name: str) -> QCheckBox:
        """The check box of a task."""
        return self._rows[name].box

    def _announce(self) -> None:
        off = (name for name, row in self._rows.items() if row.usable and not row.box.isChecked())
        self.changed.emit(frozenset(off))


class TaskRow(QWidget):
    """One task."""

    def __init__(self, name: str, title: str, *, usable: bool) -> None:
        super().__init__()
        self.usable = usable
        self.box = QCheckBox(title or name)
        self.box.setChecked(usable)
        self.box.setEnabled(usable)
        self.box.setToolTip(name)
        self.box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
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
        self.reason.setText(text)
        self.reason.setVisible(bool(text))
