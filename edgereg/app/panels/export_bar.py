"""Progress of an export, and the way to stop it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from edgereg.app.look.theme import tabular
from edgereg.app.player.export import Export, Order


class ExportBar(QFrame):
    """Runs one export at a time; hidden while there is none. `said(str)`: how it ended."""

    said = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bar")
        self._export: Export | None = None
        self._label, self._count = QLabel(), QLabel()
        tabular(self._count)
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self.cancel = QPushButton("Cancel")
        self.cancel.clicked.connect(self.stop)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 10, 8)
        row.setSpacing(12)
        row.addWidget(self._label)
        row.addWidget(self._progress, 1)
        row.addWidget(self._count)
        row.addWidget(self.cancel)
        self.hide()

    @property
    def busy(self) -> bool:
        """Whether an export runs."""
        return self._export is not None

    def run(self, order: Order) -> None:
        """Start an export in the background."""
        self.stop()
        self._export = Export(order, self)
        self._export.progressed.connect(self._show_progress)
        self._export.done.connect(lambda path: self._end(f"Saved {path}"))
        self._export.failed.connect(self._end)
        self._label.setText(f"Saving {order.target.name}")
        self._show_progress(0, 0)
        self.show()
        self._export.start()

    def stop(self) -> None:
        """Cancel what runs."""
        if self._export is not None:
            self._export.cancel()
            self._end("Export cancelled; what was written so far is kept")

    def _show_progress(self, done: int, total: int) -> None:
        self._progress.setRange(0, total)
        self._progress.setValue(min(done, total))
        self._count.setText(f"{done}/{total}" if total else f"{done}")

    def _end(self, message: str) -> None:
        if self._export is not None:
            self._export.deleteLater()
        self._export = None
        self.hide()
        self.said.emit(message)
