"""Export: the whole source once more, every frame, into a video or a table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from edgereg.app.player.background import Job
from edgereg.app.player.catalogue import Catalogue
from edgereg.assembly import Choice, Run, assemble
from edgereg.core.settings import Settings
from edgereg.pipeline.stats import Report

_POLL_MS = 100


@dataclass(frozen=True)
class Order:
    """What to export: `source` as the user named it, into `target`."""

    source: str
    target: Path
    catalogue: Catalogue
    settings: Settings


class Export(QObject):
    """Runs one order in the background, beside the player.

    Signals: `progressed(done, total)` (total 0: unknown), `done(Path)`, `failed(str)`.
    """

    progressed = Signal(int, int)
    done = Signal(object)
    failed = Signal(str)

    def __init__(self, order: Order, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._order = order
        self._run: Run | None = None
        self._total = 0
        self._timer = QTimer(self, interval=_POLL_MS)
        self._timer.timeout.connect(self._poll)
        self._job = Job(self._prepare, _give_up, self)
        self._job.done.connect(self._begin)
        self._job.failed.connect(self.failed)

    def start(self) -> None:
        """Begin; returns at once."""
        self._job.start()

    def cancel(self) -> None:
        """Stop; what was written so far stays whole, and replaces no file of before."""
        self._job.abandon()
        self._timer.stop()
        if self._run is not None:
            _give_up((self._run, 0))
            self._run = None

    def _prepare(self) -> tuple[Run, int]:
        order = self._order
        run = assemble(
            order.catalogue.plugins,
            order.source,
            [order.target],
            Choice(),
            tasks=order.catalogue.tasks,
            settings=replace(order.settings),
        )
        return run, run.source.info.frame_count or 0

    def _begin(self, prepared: tuple[Run, int]) -> None:
        self._run, self._total = prepared
        self._run.pipeline.start()
        self._timer.start()

    def _poll(self) -> None:
        if self._run is None:
            return
        report = self._run.pipeline.report()
        self.progressed.emit(report.stats.frames, self._total)
        if not self._run.pipeline.running:
            self._end(self._run, report)

    def _end(self, run: Run, report: Report) -> None:
        self._timer.stop()
        self._run = None
        places = run.finish()
        if report.error is not None or places:
            self.failed.emit("; ".join([*([str(report.error)] if report.error else ()), *places]))
        else:
            self.done.emit(self._order.target)


def _give_up(prepared: tuple[Run, int]) -> None:
    run, _ = prepared
    run.pipeline.stop(timeout_s=2.0)
    run.finish(interrupted=True)
