"""What is saved of recordings: one export after the other, in a thread beside the player."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import Path

from edgereg.app.player.request import Request
from edgereg.assembly import Choice, Run, check_places, passes, wants_pictures
from edgereg.blurring import HEADS, Blur
from edgereg.core.errors import EdgeregError, SinkError, one_line
from edgereg.core.settings import Settings
from edgereg.pipeline.loading import LoadedTask
from edgereg.pipeline.memo import Memo
from edgereg.pipeline.steps import needed
from edgereg.plugins import Plugins

# How often progress is taken, and whether somebody has cancelled is looked up.
_LOOK_S = 0.1


@dataclass(frozen=True)
class Export:
    """A whole recording once more, every frame, into a video or a table.

    request: the source. settings: its own, which nobody changes meanwhile. memo: what
    models found in it before. marks: whether what was found is drawn in a video. blur: cover heads
    in it instead.
    """

    request: Request
    target: Path
    plugins: Plugins
    tasks: tuple[LoadedTask, ...]
    settings: Settings
    memo: Memo | None = None
    marks: bool = True
    blur: Blur | None = None

    @property
    def rounds(self) -> int:
        """How often the recording is read: heads are looked for before they are covered."""
        return 1 if self.blur is None else 2

    def runs(self) -> Iterator[Run]:
        """The runs, each to be run, and finished, before the next one. Raises EdgeregError."""
        tasks, settings = self._computed(), replace(self.settings)
        if self.blur is not None:
            if not tasks:
                raise EdgeregError(f"heads can't be covered: task '{HEADS}' is not loaded")
            settings = replace(settings, off=frozenset(), track=True)
        given = self.request
        choice = Choice(blur=self.blur, limit=given.limit, source=given.options)
        return passes(
            self.plugins,
            self.request.text,
            [self.target],
            choice,
            tasks=tasks,
            settings=settings,
            memo=self.memo,
        )

    def _computed(self) -> list[LoadedTask]:
        """The tasks whose results are wanted."""
        if self.blur is not None:
            return [each for each in self.tasks if each.name == HEADS]
        if not self.marks and wants_pictures(self.plugins, [self.target]):
            return []
        wanted = needed(self.tasks, self.settings.off)
        return [each for each in self.tasks if each.name in wanted]


class Stage(Enum):
    """How far an export is."""

    WAITING = auto()
    RUNNING = auto()
    STOPPING = auto()
    DONE = auto()
    FAILED = auto()
    CANCELLED = auto()


_PENDING = frozenset({Stage.WAITING, Stage.RUNNING, Stage.STOPPING})


@dataclass(frozen=True)
class Progress:
    """done, total: frames, of all rounds; total 0: not known. message: how it ended, or why."""

    number: int
    export: Export
    stage: Stage = Stage.WAITING
    done: int = 0
    total: int = 0
    message: str = ""

    @property
    def pending(self) -> bool:
        """Whether it has not ended."""
        return self.stage in _PENDING


class Exports:
    """Runs exports in the order in which they came. Any thread may call; nothing waits but `join`.

    An export that fails or is cancelled keeps what was written of it, and replaces no file of
    before.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[int, Progress] = {}
        self._thread: threading.Thread | None = None
        self._last = 0

    def rows(self) -> tuple[Progress, ...]:
        """All of them, in order: what waits, what runs, and what has ended and is not cleared."""
        with self._lock:
            return tuple(self._rows.values())

    def wanted(self) -> tuple[Progress, ...]:
        """Those that wait or run, and are not cancelled."""
        return tuple(row for row in self.rows() if row.stage in (Stage.WAITING, Stage.RUNNING))

    def add(self, export: Export) -> int:
        """Queue an export behind the others; returns its number.

        Raises SinkError where it can't be saved there, or somebody else is about to be.
        """
        check_places(export.plugins, export.request.text, [export.target])
        with self._lock:
            target = export.target.absolute()
            if any(r.pending and r.export.target.absolute() == target for r in self._rows.values()):
                raise SinkError(f"{export.target}: is being saved already; name another file")
            self._last += 1
            self._rows[self._last] = Progress(self._last, export)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="exports", daemon=True)
                self._thread.start()
            return self._last

    def cancel(self, number: int) -> None:
        """Stop an export, or let it never begin."""
        with self._lock:
            row = self._rows.get(number)
            if row is not None and row.stage is Stage.WAITING:
                self._rows[number] = replace(row, stage=Stage.CANCELLED)
            elif row is not None and row.stage is Stage.RUNNING:
                self._rows[number] = replace(row, stage=Stage.STOPPING)

    def clear(self, number: int) -> None:
        """Forget an export that has ended."""
        with self._lock:
            if number in self._rows and not self._rows[number].pending:
                del self._rows[number]

    def stop_all(self) -> None:
        """Cancel those that wait, then the one that runs: none of them begins meanwhile."""
        for row in reversed(self.wanted()):
            self.cancel(row.number)

    def join(self, timeout_s: float) -> None:
        """Wait until what was cancelled, or has to be saved, is closed whole."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout_s)

    def _work(self) -> None:
        while (row := self._next()) is not None:
            try:
                stage, message = self._save(row)
            except EdgeregError as error:
                stage, message = Stage.FAILED, str(error)
            except BaseException as error:  # a plugin may raise anything
                stage, message = Stage.FAILED, one_line(error)
            with self._lock:
                self._rows[row.number] = replace(
                    self._rows[row.number], stage=stage, message=message
                )

    def _next(self) -> Progress | None:
        """The first that waits; None ends the thread."""
        with self._lock:
            for row in self._rows.values():
                if row.stage is Stage.WAITING:
                    self._rows[row.number] = running = replace(row, stage=Stage.RUNNING)
                    return running
            self._thread = None
            return None

    def _save(self, row: Progress) -> tuple[Stage, str]:
        """Run all rounds of an export; how it ended, and what there is to say of it."""
        said = ""
        for position, run in enumerate(row.export.runs()):
            cancelled = self._follow(row, run, position)
            error = run.pipeline.report().error
            places = run.finish(interrupted=cancelled)
            if error is not None:
                return Stage.FAILED, "; ".join([str(error), *places])
            if cancelled:
                return Stage.CANCELLED, "; ".join(places)
            if places:
                return Stage.FAILED, "; ".join(places)
            said = run.veil.summary() if run.veil is not None else ""
        return Stage.DONE, said

    def _follow(self, row: Progress, run: Run, position: int) -> bool:
        """Run one round to its end; True where it was cancelled."""
        rounds = row.export.rounds
        pipeline = run.pipeline
        pipeline.start()
        while pipeline.running:
            if self._is_cancelled(row.number):
                pipeline.stop()
                return True
            frames = pipeline.wait(_LOOK_S).stats.frames
            count = run.source.info.frame_count or 0
            with self._lock:
                self._rows[row.number] = replace(
                    self._rows[row.number],
                    done=position * count + frames,
                    total=rounds * count,
                )
        return False

    def _is_cancelled(self, number: int) -> bool:
        with self._lock:
            return self._rows[number].stage is Stage.STOPPING
