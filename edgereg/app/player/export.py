"""Export: the whole source once more, every frame, into a video or a table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from edgereg.app.player.background import Job
from edgereg.app.player.catalogue import Catalogue
from edgereg.assembly import Choice, assemble
from edgereg.core.settings import Settings
from edgereg.pipeline.staged import StagedPipeline
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
        self._pipeline: StagedPipeline | None = None
        self._total = 0
        self._timer = QTimer(self, interval=_POLL_MS)
        self._timer.timeout.connect(self._poll)
        self._job = Job(self._prepare, lambda prepared: prepared[0].stop(), self)
        self._job.done.connect(self._begin)
        self._job.failed.connect(self.failed)

    def start(self) -> None:
        """Begin; returns at once."""
        self._job.start()

    def cancel(self) -> None:
        """Stop; what was written so far stays whole."""
        self._job.abandon()
        self._timer.stop()
        if self._pipeline is not None:
            self._pipeline.stop(timeout_s=2.0)
            self._pipeline = None

    def _prepare(self) -> tuple[StagedPipeline, int]:
        order = self._order
        run = assemble(
            order.catalogue.plugins,
            order.source,
            [order.target],
            Choice(),
            tasks=order.catalogue.tasks,
            settings=replace(order.settings),
        )
        return run.pipeline, run.source.info.frame_count or 0

    def _begin(self, prepared: tuple[StagedPipeline, int]) -> None:
        self._pipeline, self._total = prepared
        self._pipeline.start()
        self._timer.start()

    def _poll(self) -> None:
        if self._pipeline is None:
            return
        report = self._pipeline.report()
        self.progressed.emit(report.stats.frames, self._total)
        if not self._pipeline.running:
            self._end(report)

    def _end(self, report: Report) -> None:
        self._timer.stop()
        self._pipeline = None
        if report.error is not None:
            self.failed.emit(str(report.error))
        else:
            self.done.emit(self._order.target)
