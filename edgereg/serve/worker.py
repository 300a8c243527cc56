"""One source at work: run, and where it fails, run again after a pause, on its own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from edgereg.assembly import Run, assemble
from edgereg.core.errors import EdgeregError, EngineError, SourceError, one_line
from edgereg.core.settings import Settings
from edgereg.core.shown import shown
from edgereg.engines.watchdog import FIRST_LIMIT_S
from edgereg.pipeline.loading import LoadedTask, in_order
from edgereg.pipeline.staged import StagedPipeline
from edgereg.pipeline.stats import Stats
from edgereg.plugins import Plugins
from edgereg.serve.config import SourceConfig
from edgereg.serve.counters import Counters
from edgereg.serve.delivery.base import Destination
from edgereg.serve.delivery.open import Outgoing
from edgereg.serve.live import Live
from edgereg.serve.memory import Memory
from edgereg.serve.numbering import Numbering
from edgereg.serve.pulse import Pulse
from edgereg.serve.rules.config import RuleConfig
from edgereg.serve.rules.following import Following, check_values, rules_for
from edgereg.serve.shared import SharedTasks, pulses_of
from edgereg.sinks.open import format_of

log = logging.getLogger(__name__)

State: TypeAlias = Literal["starting", "running", "waiting", "ended", "stopped"]

FIRST_PAUSE_S = 0.5
# A camera that comes back is seen again within this time.
LONGEST_PAUSE_S = 8.0
# Who ran so long starts with the shortest pause again.
SETTLED_S = 30.0
LOOK_S = 0.1
CLOSING_S = 1.5
# Runs with a stage that hangs in a library and can't be ended; more of them would only pile up.
MOST_LEFT = 2
# Percentiles take milliseconds; a hundred pages may ask for them at once.
STATS_S = 0.25
# A killed process has forgotten what it counted since then.
NOTE_S = 60.0
# The same of what its rules have told; a disk that wears out is not written to more often.
NOTE_EVENTS_S = 1.0


@dataclass(frozen=True)
class AtWork:
    """What the run under way consists of; its settings may be changed."""

    tasks: Sequence[LoadedTask]
    settings: Settings


def check_source(
    name: str, config: SourceConfig, plugins: Plugins, rules: Mapping[str, RuleConfig]
) -> None:
    """Raise EdgeregError, with the place, for tasks, filters, outputs and rules that can't be."""
    try:
        rules_for(rules, name, task_names(config, plugins))
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


def task_names(config: SourceConfig, plugins: Plugins) -> list[str]:
    """Of all tasks that a source runs. Raises PluginError."""
    return [task.name for task in in_order(plugins.tasks().values(), config.tasks)]


class Worker:
    """Runs one source in a thread until it ends or is stopped; faults stay in here."""

    def __init__(
        self,
        name: str,
        config: SourceConfig,
        shared: SharedTasks,
        deliveries: Iterable[Destination],
        rules: Mapping[str, RuleConfig],
        *,
        memory: Memory,
        before: Worker | None = None,
    ) -> None:
        """memory: of the source. before: the one that it takes the place of, whose results stay."""
        self.name = name
        self.config = config
        self.live: Live = before.live if before else Live()
        self.at_work: AtWork | None = None
        self.rules = rules_for(rules, name, task_names(config, shared.plugins))
        self._following = Following(self.rules, memory.rules)
        self._outgoing = Outgoing(name, self.live, deliveries, self._following)
        self.error: str | None = None
        self.state: State = "starting"
        self.pulse = Pulse(f"source {name}")
        self._left: list[StagedPipeline] = []
        self._engines: list[Pulse] = []
        self._shared = shared
        # Both at once, so that a reader never counts a run twice, or not at all.
        self.memory = memory
        past = before.counters() if before else memory.counters
        self._past_and_run: tuple[Counters, Run | None] = (past, None)
        self._stats: tuple[float, Run | None, Stats | None] = (0.0, None, None)
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
        return not self._thread.is_alive() and not any(each.running for each in self._left)

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.state in ("ended", "stopped")

    @property
    def alive(self) -> bool:
        """Whether its thread is at work, will be, or has come to its proper end."""
        return self._thread.ident is None or self._thread.is_alive() or self.over

    @property
    def events(self) -> Mapping[str, int]:
        """How many events each of its rules has told."""
        return self._following.counts

    def stats(self) -> Stats | None:
        """Of the run under way, or None between two; those of a moment ago, where many ask."""
        run = self._past_and_run[1]
        if run is None:
            return None
        made_at, of_run, stats = self._stats
        if of_run is not run or time.monotonic() - made_at > STATS_S or stats is None:
            stats = run.pipeline.stats()
            self._stats = (time.monotonic(), run, stats)
        return stats

    def counters(self) -> Counters:
        """Of all runs so far."""
        past, run = self._past_and_run
        return past if run is None else past.plus(run.pipeline)

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
        self.memory.close(self.counters(), self._following.kept())
        self._tell(logging.INFO, f"has {self.state}")
        self.live.wake()

    def _tell(self, level: int, text: str) -> None:
        """Log it as this source's."""
        log.log(level, "source '%s': %s", self.name, text, extra={"source": self.name})

    def _fail(self, error: Exception) -> None:
        """Say why it waits, in the log only where that is new."""
        text = shown(one_line(error))
        if text != self.error:
            self._tell(logging.WARNING, text)
        past, run = self._past_and_run
        self._past_and_run = (replace(past, failures=past.failures + 1), run)
        self.state, self.error = "waiting", text

    def _once(self) -> None:
        """One run to its end. Raises what ended it before its time."""
        self._wait_for_those_left()
        if self._stop.is_set():
            return
        run, at_work = self._opened()
        self._past_and_run, self.at_work = (self._past_and_run[0], run), at_work
        error = self._watch(run)
        given_up = error is not None or self._stop.is_set()
        report = run.pipeline.stop(CLOSING_S) if given_up else run.pipeline.wait()
        if run.pipeline.running:
            self._left.append(run.pipeline)
        self._past_and_run = (self._past_and_run[0].plus(run.pipeline), None)
        self.at_work = None
        with self.pulse.doing("has been finishing its outputs", self._shared.hung_s):
            lines = run.finish(interrupted=given_up)
        for line in lines:
            self._tell(logging.WARNING, line)
        why = error or report.error
        if why is not None and not self._stop.is_set():
            raise why

    def _opened(self) -> tuple[Run, AtWork]:
        """The next run, not yet started, and what it consists of. Raises EdgeregError."""
        choice = self.config.choice()
        limit_s = self._shared.hung_s
        with self.pulse.doing("has been loading its models", FIRST_LIMIT_S + limit_s):
            tasks = self._shared.get(choice)
        check_values(self.rules, {each.name: each.kinds for each in tasks})
        self._engines = pulses_of(tasks)
        self._refuse_hanging()
        at_work = AtWork(tasks, choice.settings(self._shared.plugins))
        with self.pulse.doing("has been opening its source and outputs", limit_s):
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
                recognise=Numbering(self.memory.number),
            )
        return run, at_work

    def _wait_for_those_left(self) -> None:
        """Let no more than MOST_LEFT runs that hang stand beside each other."""
        limit_s = self._shared.hung_s
        with self.pulse.doing("has been waiting for runs that hang in a library", limit_s):
            while not self._stop.is_set():
                self._left = [each for each in self._left if each.running]
                if len(self._left) < MOST_LEFT:
                    return
                self._stop.wait(LOOK_S)

    def _refuse_hanging(self) -> None:
        """Raise EngineError where an engine that it needs hangs: a run would only hang too."""
        hanging = next((each.name for each in self._engines if each.late()), None)
        if hanging is not None:
            raise EngineError(f"{hanging} hangs; the process must be started again")

    def _watch(self, run: Run) -> EdgeregError | None:
        """Wait while the run goes on; returns why it must be stopped, if it must."""
        seen, since = self.live.count, time.monotonic()
        noted, noted_told = since, sum(self.events.values())
        run.pipeline.start()
        while run.pipeline.running:
            if self._stop.wait(LOOK_S):
                return None
            if self.live.count > seen:
                self._results_came()
                seen, since = self.live.count, time.monotonic()
            told = sum(self.events.values())
            if time.monotonic() - noted > (NOTE_S if told == noted_told else NOTE_EVENTS_S):
                noted, noted_told = time.monotonic(), told
                self.memory.note(self.counters(), self._following.kept())
            try:
                self._refuse_hanging()
            except EngineError as error:
                return error
            # Where an engine takes so long (one that compiles), the source is not to blame.
            slow = any(each.busy_s() > self.config.stalled for each in self._engines)
            if time.monotonic() - since > self.config.stalled and not slow:
                return SourceError(f"no result for {self.config.stalled:g} s; started anew")
        return None

    def _results_came(self) -> None:
        if self.state == "waiting":
            past, run = self._past_and_run
            self._past_and_run = (replace(past, recoveries=past.recoveries + 1), run)
        if self.state != "running":
            self._tell(logging.INFO, "results are coming")
        self.state, self.error = "running", None
