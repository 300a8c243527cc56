"""One source at work: run, and where it fails, run again after a pause, on its own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from edgereg.assembly import Run, assemble
from edgereg.core.errors import EdgeregError, SourceError, one_line
from edgereg.core.settings import Settings
from edgereg.core.shown import shown
from edgereg.pipeline.loading import LoadedTask, in_order
from edgereg.pipeline.stats import Stats
from edgereg.plugins import Plugins
from edgereg.serve.config import SourceConfig
from edgereg.serve.delivery.base import Delivery
from edgereg.serve.delivery.open import Outgoing
from edgereg.serve.live import Live
from edgereg.serve.shared import SharedTasks
from edgereg.sinks.open import format_of

log = logging.getLogger(__name__)

State: TypeAlias = Literal["starting", "running", "waiting", "ended", "stopped"]

FIRST_PAUSE_S = 0.5
# A camera that comes back is seen again within this time.
LONGEST_PAUSE_S = 8.0
# Who ran so long starts with the shortest pause again.
SETTLED_S = 30.0
LOOK_S = 0.1
CLOSING_S = 2.5


@dataclass(frozen=True)
class Counters:
    """Of all runs of a source since the start.

    failures: runs that ended by a fault, or could not begin. recoveries: results came again.
    """

    frames: int = 0
    dropped: int = 0
    failures: int = 0
    recoveries: int = 0

    def plus(self, stats: Stats) -> Counters:
        """With the frames of one more run."""
        return replace(
            self, frames=self.frames + stats.frames, dropped=self.dropped + stats.dropped
        )


@dataclass(frozen=True)
class AtWork:
    """What the run under way consists of; its settings may be changed."""

    tasks: Sequence[LoadedTask]
    settings: Settings


def check_source(name: str, config: SourceConfig, plugins: Plugins) -> None:
    """Raise EdgeregError, with the place, for tasks, filters and outputs that can't be."""
    try:
        in_order(plugins.tasks().values(), config.tasks)
        config.choice().settings(plugins)
        for output in config.outputs:
            chosen = format_of(output, plugins.sinks())
            if chosen.writes != "lines" or not chosen.appends:
                raise EdgeregError(
                    f"{output.name}: a served source is interrupted and goes on, so it writes "
                    "tables of lines; name a .jsonl or .csv"
                )
    except EdgeregError as error:
        raise EdgeregError(f"sources.{name}: {error}") from error


class Worker:
    """Runs one source in a thread until it ends or is stopped; faults stay in here."""

    def __init__(
        self,
        name: str,
        config: SourceConfig,
        shared: SharedTasks,
        deliveries: Sequence[Delivery] = (),
        *,
        before: Worker | None = None,
    ) -> None:
        """before: the one that it takes the place of, whose numbers go on."""
        self.name = name
        self.config = config
        self.live: Live = before.live if before else Live()
        self.at_work: AtWork | None = None
        self._outgoing = Outgoing(name, self.live, deliveries)
        self.error: str | None = None
        self.state: State = "starting"
        self.stuck = False
        self._shared = shared
        # Both at once, so that a reader never counts a run twice, or not at all.
        past = before.counters() if before else Counters()
        self._past_and_run: tuple[Counters, Run | None] = (past, None)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"source {name}", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Let the source end; `join` waits for it."""
        self._stop.set()

    @property
    def asked_to_stop(self) -> bool:
        """Whether it ends, or has ended, because somebody wanted that."""
        return self._stop.is_set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; False where it takes longer, or a stage hangs in a library."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive() and not self.stuck

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.state in ("ended", "stopped")

    @property
    def alive(self) -> bool:
        """Whether its thread is at work, or has come to its proper end."""
        return self._thread.is_alive() or self.over

    def stats(self) -> Stats | None:
        """Of the run under way, or None between two."""
        run = self._past_and_run[1]
        return None if run is None else run.pipeline.stats()

    def counters(self) -> Counters:
        """Of all runs so far."""
        past, run = self._past_and_run
        return past if run is None else past.plus(run.pipeline.stats())

    def facts(self) -> dict[str, Any]:
        """What `/sources` says of it; without secrets of an address."""
        counters, stats, latest = self.counters(), self.stats(), self.live.latest
        stages = {} if stats is None else stats.stages
        return {
            "name": self.name,
            "source": shown(self.config.source),
            "tasks": list(self.config.tasks),
            "state": self.state,
            "error": self.error,
            "frames": counters.frames,
            "dropped": counters.dropped,
            "failures": counters.failures,
            "recoveries": counters.recoveries,
            "fps": 0.0 if stats is None else round(stats.fps, 2),
            "age_s": round(self.live.age_s(), 3),
            "stages_ms": {name: round(times.p50_ms, 3) for name, times in stages.items()},
            "records": [] if latest is None else latest.records,
        }

    def _work(self) -> None:
        """Run after run, with growing pauses between those that fail."""
        pause = FIRST_PAUSE_S
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                self._once()
            except Exception as error:  # a source's fault must harm no other
                self._fail(error)
            else:
                break
            if time.monotonic() - began > SETTLED_S:
                pause = FIRST_PAUSE_S
            self._stop.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)
        self.state = "stopped" if self._stop.is_set() else "ended"
        self.live.wake()

    def _fail(self, error: Exception) -> None:
        """Say why it waits, in the log only where that is new."""
        text = shown(one_line(error))
        if text != self.error:
            log.warning("source '%s': %s", self.name, text)
        past, run = self._past_and_run
        self._past_and_run = (replace(past, failures=past.failures + 1), run)
        self.state, self.error = "waiting", text

    def _once(self) -> None:
        """One run to its end. Raises what ended it before its time."""
        choice = self.config.choice()
        at_work = AtWork(self._shared.get(choice), choice.settings(self._shared.plugins))
        run = assemble(
            self._shared.plugins,
            self.config.source,
            self.config.outputs,
            choice,
            tasks=at_work.tasks,
            settings=at_work.settings,
            sinks=[self._outgoing],
            append=True,
            loop=self.config.loop,
        )
        self._past_and_run, self.at_work = (self._past_and_run[0], run), at_work
        given_up = self._watch(run)
        report = run.pipeline.stop(CLOSING_S) if given_up else run.pipeline.wait()
        self.stuck = self.stuck or run.pipeline.running
        self._past_and_run = (self._past_and_run[0].plus(report.stats), None)
        self.at_work = None
        for line in run.finish(interrupted=given_up):
            log.warning("source '%s': %s", self.name, line)
        if self._stop.is_set():
            return
        if report.error is not None:
            raise report.error
        if given_up:
            raise SourceError(f"no result for {self.config.stalled:g} s; started anew")

    def _watch(self, run: Run) -> bool:
        """Wait while the run goes on; True where it must be stopped."""
        seen, since = self.live.count, time.monotonic()
        run.pipeline.start()
        while run.pipeline.running:
            if self._stop.wait(LOOK_S):
                return True
            if self.live.count > seen:
                self._results_came()
                seen, since = self.live.count, time.monotonic()
            elif time.monotonic() - since > self.config.stalled:
                return True
        return False

    def _results_came(self) -> None:
        if self.state == "waiting":
            past, run = self._past_and_run
            self._past_and_run = (replace(past, recoveries=past.recoveries + 1), run)
        self.state, self.error = "running", None
