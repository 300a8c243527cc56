"""What is being saved or recorded: what runs, waits, is done or has failed, and how far it is."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

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
from edgereg.app.look.language import tr
from edgereg.app.look.theme import DARK, Theme, tabular
from edgereg.app.player.exports import Export, Exports, Progress, Stage
from edgereg.app.player.filling import Filled, Filler
from edgereg.app.player.recording import Recorded, Recording
from edgereg.app.player.request import Request
from edgereg.app.timecode import timecode
from edgereg.core.errors import SinkError
from edgereg.core.regions import Prompt

_LOOK_MS = 100
# So many rows are seen at a time; the rest is scrolled to.
_ROW_HEIGHT, _MOST_ROWS, _NAME_WIDTH = 34, 3, 200


class SavingPanel(QScrollArea):
    """A row for each export and recording, and for the clip that is computed; hidden while there is
    none. `said(str)`, `failed(str)`: how one ended; `stopped()`: the recording is to end."""

    said = Signal(str)
    failed = Signal(str)
    stopped = Signal()

    def __init__(self, filler: Filler, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.exports = Exports()
        self._filler = filler
        filler.changed.connect(self._follow)
        self._exports: dict[int, Progress] = {}
        self._recordings: dict[Recording, Recorded] = {}
        self._saved: set[tuple[str, tuple[Prompt, ...]]] = set()
        self._theme = DARK
        self._rows: dict[Hashable, Row] = {}
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("What is being saved"))
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

    @property
    def busy(self) -> bool:
        """Whether anything has not ended."""
        return self._timer.isActive()

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
            self.failed.emit(str(error))
        self._follow()

    def show_recording(self, recording: Recording) -> None:
        """Show how far a recording is, until it has ended."""
        self._recordings[recording] = recording.state
        self._follow()

    def at_stake(self) -> list[str]:
        """A line for each file that would not be whole if everything ended now."""
        unsaved, recorded = tr("{name} is not saved yet"), tr("{name} is being recorded")
        return [
            *(unsaved.format(name=row.export.target.name) for row in self.exports.wanted()),
            *(
                recorded.format(name=recording.take.targets[0].name)
                for recording, state in self._recordings.items()
                if not state.ended
            ),
        ]

    def holds(self, request: Request, boxes: tuple[Prompt, ...]) -> bool:
        """Whether boxes are in a file of a source that was saved, or will be."""
        waiting = {_boxes_of(row.export) for row in self.exports.wanted()}
        return (request.text, boxes) in self._saved | waiting

    def row(self, key: Hashable) -> Row:
        """The row of an export, by its number, or of a recording."""
        return self._rows[key]

    def stop_all(self) -> None:
        """Cancel everything; nothing is waited for."""
        self._timer.stop()
        self.exports.stop_all()

    def join(self, timeout_s: float) -> None:
        """Wait until what was cancelled, or recorded, is closed whole."""
        self.exports.join(timeout_s)
        for recording in self._recordings:
            recording.join(timeout_s)

    def _follow(self) -> None:
        self._timer.start()
        self._look()

    def _look(self) -> None:
        """Bring all rows up to date."""
        before, self._exports = self._exports, {row.number: row for row in self.exports.rows()}
        for gone in before.keys() - self._exports.keys():
            self._remove_row(gone)
        for number, each in self._exports.items():
            close = partial(self._close_export, number)
            self._show(number, each.export.target, line_of_export(each), close)
            if each.stage is Stage.DONE:
                self._saved.add(_boxes_of(each.export))
            if number in before and before[number].pending and not each.pending:
                (self.failed if each.stage is Stage.FAILED else self.said).emit(ending(each))
        self._look_at_recordings()
        self._look_at_filling()
        working = self._recordings or self._filler.filling
        if not working and not any(each.pending for each in self._exports.values()):
            self._timer.stop()
        self.setFixedHeight(min(len(self._rows), _MOST_ROWS) * _ROW_HEIGHT + 12)
        self.setVisible(bool(self._rows))

    def _look_at_recordings(self) -> None:
        for recording in [*self._recordings]:
            state = recording.state
            self._recordings[recording] = state
            target = recording.take.targets[0]
            if state.ended:
                del self._recordings[recording]
                self._remove_row(recording)
                recorded = tr("Recorded {target}, {time}").format(
                    target=target, time=timecode(state.seconds)
                )
                (self.failed if state.problem else self.said).emit(state.problem or recorded)
            else:
                self._show(recording, target, line_of_recording(state), self.stopped.emit)

    def _look_at_filling(self) -> None:
        """The clip that is computed; its row has the name of the filler."""
        filling = self._filler.filling
        if filling is None:
            self._remove_row(self._filler)
        else:
            name = Path(tr("the whole clip"))
            self._show(self._filler, name, line_of_filling(filling.state), self._filler.stop)

    def _show(self, key: Hashable, target: Path, line: Line, close: Callable[[], object]) -> None:
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = Row(target, self._theme)
            row.button.clicked.connect(lambda: close())
            self._column.addWidget(row)
        row.show_line(line)

    def _remove_row(self, key: Hashable) -> None:
        if (row := self._rows.pop(key, None)) is not None:
            row.deleteLater()

    def _close_export(self, number: int) -> None:
        """Cancel an export, after a question where something is written of it; or forget it."""
        self._look()
        progress = self._exports[number]
        if progress.stage is Stage.RUNNING:
            confirm(
                self,
                tr("Stop saving {name}?").format(name=progress.export.target.name),
                tr("It is not whole; what is written up to here is kept."),
                tr("Stop saving"),
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


def _boxes_of(export: Export) -> tuple[str, tuple[Prompt, ...]]:
    return export.request.text, export.settings.prompts


@dataclass(frozen=True)
class Line:
    """What a row shows: how far it is, in words, or, where `bar`, as a bar; a number; what its
    button does, or nothing. share: 0 to 1, None where it is not known."""

    words: str
    does: str
    count: str = ""
    bar: bool = False
    share: float | None = None


class Row(QWidget):
    """One file: its name, how far it is, and a button that ends it or takes it away."""

    def __init__(self, target: Path, theme: Theme) -> None:
        super().__init__()
        self._name = target.name
        name = QElidingLabel(target.name)
        name.setToolTip(str(target))
        name.setFixedWidth(_NAME_WIDTH)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(tr("Progress of {name}").format(name=target.name))
        self.count, self.words = QLabel(), QElidingLabel()
        tabular(self.count)
        self.button = QToolButton()
        self.button.setObjectName("plain")
        self.button.setIconSize(QSize(14, 14))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(name)
        row.addWidget(self._bar, 1)
        row.addWidget(self.words, 1)
        row.addWidget(self.count)
        row.addWidget(self.button)
        self.setFixedHeight(_ROW_HEIGHT - 2)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take another theme's colours."""
        self.button.setIcon(icons.icon("close", theme.text, theme.dim))

    def show_line(self, line: Line) -> None:
        """Bring the row up to date."""
        self._bar.setVisible(line.bar)
        self._bar.setRange(0, 0 if line.share is None else 1000)
        self._bar.setValue(round(1000 * (line.share or 0.0)))
        self.count.setText(line.count)
        self.words.setVisible(not line.bar)
        self.words.setText(line.words)
        self.words.setToolTip(line.words)
        self.button.setEnabled(bool(line.does))
        self.button.setToolTip(line.does)
        self.button.setAccessibleName(f"{line.does}: {self._name}")


def line_of_export(progress: Progress) -> Line:
    """How far an export is."""
    if progress.stage is Stage.RUNNING:
        share = min(progress.done / progress.total, 1.0) if progress.total else None
        count = f"{progress.done}" if share is None else f"{100 * share:3.0f} %"
        return Line(tr("is being saved"), tr("Cancel"), count, bar=True, share=share)
    words = {
        Stage.WAITING: tr("waits for the one before"),
        Stage.STOPPING: tr("stops"),
        Stage.DONE: tr("saved"),
        Stage.FAILED: tr("failed"),
        Stage.CANCELLED: tr("cancelled"),
    }
    does = {Stage.WAITING: tr("Cancel"), Stage.STOPPING: ""}.get(
        progress.stage, tr("Take off the list")
    )
    message = f": {progress.message}" if progress.message else ""
    return Line(f"{words[progress.stage]}{message}", does)


def line_of_recording(state: Recorded) -> Line:
    """How far a recording is."""
    words = tr("recording, {time}").format(time=timecode(state.seconds))
    if state.lost:
        lost = tr("{count} frames were left out, as the disk is too slow")
        words = f"{words}; {lost.format(count=state.lost)}"
    return Line(words, tr("Stop recording"), f"{state.frames}")


def line_of_filling(state: Filled) -> Line:
    """How far a clip is computed."""
    share = min(state.done / state.total, 1.0) if state.total else None
    count = f"{state.done}" if share is None else f"{100 * share:3.0f} %"
    return Line(tr("is computed"), tr("Compute no further"), count, bar=True, share=share)


def ending(progress: Progress) -> str:
    """How an export ended, as one line for the user."""
    target = progress.export.target
    if progress.stage is Stage.DONE:
        saved = tr("Saved {target}").format(target=target)
        return f"{saved}; {progress.message}" if progress.message else saved
    if progress.stage is Stage.CANCELLED:
        cancelled = tr("Saving {name} was cancelled").format(name=target.name)
        return f"{cancelled}; {progress.message or tr('nothing was written')}"
    return progress.message or tr("{target}: could not be saved").format(target=target)
