"""What is being saved: what runs, waits, is done or has failed, each with its progress."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QElidingLabel

from edgereg.app.dialogs import confirm
from edgereg.app.look import icons
from edgereg.app.look.theme import DARK, Theme, tabular
from edgereg.app.player.exports import Export, Exports, Progress, Stage
from edgereg.core.errors import SinkError

_LOOK_MS = 100
# So many rows are seen at a time; the rest is scrolled to.
_ROW_HEIGHT, _MOST_ROWS, _NAME_WIDTH = 34, 3, 200


class SavingPanel(QScrollArea):
    """A row for each export; hidden while there is none. `said(str)`: how one ended."""

    said = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.exports = Exports()
        self._theme = DARK
        self._rows: dict[int, _Row] = {}
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("What is being saved"))
        holder = QFrame()
        holder.setObjectName("bar")
        self._column = QVBoxLayout(holder)
        self._column.setContentsMargins(14, 4, 6, 4)
        self._column.setSpacing(2)
        self._column.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.setWidget(holder)
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self._look)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Take another theme's colours."""
        self._theme = theme
        for row in self._rows.values():
            row.set_theme(theme)

    def run(self, export: Export) -> None:
        """Queue an export behind those that are not done yet."""
        try:
            self.exports.add(export)
        except SinkError as error:
            self.said.emit(str(error))
        self._timer.start()
        self._look()

    def at_stake(self) -> list[str]:
        """A line for each file that would not be whole if everything ended now."""
        return [
            self.tr("{name} is not saved yet").format(name=row.export.target.name)
            for row in self.exports.wanted()
        ]

    def row(self, number: int) -> _Row:
        """The row of an export."""
        return self._rows[number]

    def stop_all(self) -> None:
        """Cancel everything; nothing is waited for."""
        self._timer.stop()
        self.exports.stop_all()

    def _look(self) -> None:
        progress = self.exports.rows()
        for gone in self._rows.keys() - {each.number for each in progress}:
            self._rows.pop(gone).deleteLater()
        for each in progress:
            row = self._rows.get(each.number) or self._add_row(each)
            ended = row.progress.pending and not each.pending
            row.show_progress(each)
            if ended:
                self.said.emit(ending(each))
        if not any(each.pending for each in progress):
            self._timer.stop()
        shown = min(len(progress), _MOST_ROWS)
        self.setFixedHeight(shown * _ROW_HEIGHT + 12)
        self.setVisible(bool(progress))

    def _add_row(self, progress: Progress) -> _Row:
        row = _Row(progress, self._theme)
        row.button.clicked.connect(lambda: self._close(progress.number))
        self._rows[progress.number] = row
        self._column.addWidget(row)
        return row

    def _close(self, number: int) -> None:
        """Cancel an export, after a question where something is written of it; or forget it."""
        progress = self._rows[number].progress
        if progress.stage is Stage.RUNNING:
            confirm(
                self,
                self.tr("Stop saving {name}?").format(name=progress.export.target.name),
                self.tr("It is not whole; what is written up to here is kept."),
                self.tr("Stop saving"),
                lambda: self._cancel(number),
            )
        elif progress.pending:
            self._cancel(number)
        else:
            self.exports.clear(number)
            self._look()

    def _cancel(self, number: int) -> None:
        self.exports.cancel(number)
        self._look()


class _Row(QWidget):
    """One export: its name, how far it is, and a button that cancels it or takes it away."""

    def __init__(self, progress: Progress, theme: Theme) -> None:
        super().__init__()
        self.progress = progress
        target = progress.export.target
        name = QElidingLabel(target.name)
        name.setToolTip(str(target))
        name.setFixedWidth(_NAME_WIDTH)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Progress of {name}").format(name=target.name))
        self._count, self.text = QLabel(), QElidingLabel()
        tabular(self._count)
        self.button = QToolButton()
        self.button.setObjectName("plain")
        self.button.setIconSize(QSize(14, 14))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(name)
        row.addWidget(self._bar, 1)
        row.addWidget(self.text, 1)
        row.addWidget(self._count)
        row.addWidget(self.button)
        self.setFixedHeight(_ROW_HEIGHT - 2)
        self.set_theme(theme)
        self.show_progress(progress)

    def set_theme(self, theme: Theme) -> None:
        """Take another theme's colours."""
        self.button.setIcon(icons.icon("close", theme.text, theme.dim))

    def show_progress(self, progress: Progress) -> None:
        """Bring the row up to date."""
        self.progress = progress
        runs = progress.stage is Stage.RUNNING
        self._bar.setVisible(runs)
        self._count.setVisible(runs)
        self._bar.setRange(0, progress.total)
        self._bar.setValue(min(progress.done, progress.total))
        share = 100 * progress.done // progress.total if progress.total else None
        self._count.setText(f"{progress.done}" if share is None else f"{min(share, 100):3} %")
        self.text.setVisible(not runs)
        self.text.setText(state_of(progress))
        self.text.setToolTip(progress.message)
        does = self.tr("Cancel") if progress.pending else self.tr("Take off the list")
        self.button.setToolTip(does)
        self.button.setAccessibleName(f"{does}: {progress.export.target.name}")
        self.button.setEnabled(progress.stage is not Stage.STOPPING)


def state_of(progress: Progress) -> str:
    """How far an export is, in words."""
    words = {
        Stage.WAITING: "waits for the one before",
        Stage.RUNNING: "is being saved",
        Stage.STOPPING: "stops",
        Stage.DONE: "saved",
        Stage.FAILED: "failed",
        Stage.CANCELLED: "cancelled",
    }
    word = words[progress.stage]
    return f"{word}: {progress.message}" if progress.message else word


def ending(progress: Progress) -> str:
    """How an export ended, as one line for the user."""
    target = progress.export.target
    if progress.stage is Stage.DONE:
        return f"Saved {target}" + (f"; {progress.message}" if progress.message else "")
    if progress.stage is Stage.CANCELLED:
        return f"Saving {target.name} was cancelled; {progress.message or 'nothing was written'}"
    return progress.message or f"{target}: could not be saved"
