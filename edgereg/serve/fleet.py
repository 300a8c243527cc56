"""The sources at work, which come, change and go while the service runs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from edgereg.core.errors import EdgeregError
from edgereg.serve.changes import Change, read_changes, write_changes
from edgereg.serve.config import SourceConfig
from edgereg.serve.delivery.base import Destination
from edgereg.serve.memory import Memory
from edgereg.serve.rules.config import RuleConfig
from edgereg.serve.rules.following import rules_for
from edgereg.serve.shared import SharedTasks
from edgereg.serve.worker import CLOSING_S, Worker, check_source, task_names

log = logging.getLogger(__name__)

MOST_SOURCES = 256


class Fleet:
    """Every source and its worker: those of the configuration file, with what was changed since.

    What is changed over HTTP holds until the file says something else of that source; it is kept
    in `state`, so that it outlives the process. Any thread may call; changes are made one by one.
    """

    def __init__(
        self,
        shared: SharedTasks,
        deliveries: Iterable[Destination],
        state: Path | None = None,
    ) -> None:
        self.workers: Mapping[str, Worker] = {}
        self._shared = shared
        self._deliveries = deliveries
        self._rules: Mapping[str, RuleConfig] = {}
        self._state = state
        self._kept = state and state / "changes.json"
        self._in_file: Mapping[str, SourceConfig] = {}
        self._changes = read_changes(self._kept) if self._kept else {}
        self._lock = threading.RLock()

    def follow(self, sources: Mapping[str, SourceConfig], rules: Mapping[str, RuleConfig]) -> None:
        """Take what the file says now; only what differs is restarted.

        Raises EdgeregError, with the place, and changes nothing where a source can never work.
        """
        with self._lock:
            for name, config in sources.items():
                check_source(name, config, self._shared.plugins, rules)
            self._in_file, self._rules = sources, rules
            self._changes = {
                name: change
                for name, change in self._changes.items()
                if change.base == sources.get(name) and self._still_works(name, change)
            }
            wanted = {name: Change(now=config) for name, config in sources.items()}
            for name, change in (wanted | self._changes).items():
                self._settle(name, change)
            for name in set(self.workers) - set(wanted) - set(self._changes):
                self._drop(name)
            self._let_go()

    def put(self, name: str, config: SourceConfig) -> None:
        """Add a source, or change it. Raises EdgeregError where it can't be."""
        with self._lock:
            check_source(name, config, self._shared.plugins, self._rules)
            others = [each for each in self.workers if each != name]
            if len(others) >= MOST_SOURCES:
                raise EdgeregError(f"{len(others)} sources are enough; remove one first")
            self._change(name, config)

    def remove(self, name: str) -> None:
        """End a source and forget it. Raises KeyError where there is none."""
        with self._lock:
            self.workers[name]
            self._change(name, None)

    def start(self, name: str) -> None:
        """Let a source that was stopped, or has ended, run again. Raises KeyError."""
        with self._lock:
            worker = self.workers[name]
            self._change(name, worker.config)
            if self.workers[name] is worker and worker.over:
                self._replace(name, worker.config)

    def stop(self, name: str) -> None:
        """End a source, and keep it in the list. Raises KeyError."""
        with self._lock:
            self._change(name, self.workers[name].config, stopped=True)

    def end(self, deadline: float) -> bool:
        """End all of them, for good; False where one hangs. deadline: of `time.monotonic`."""
        with self._lock:
            for worker in self.workers.values():
                worker.ask_to_stop()
            ended = [
                worker.join(max(0.0, deadline - time.monotonic()))
                for worker in self.workers.values()
            ]
        return all(ended)

    def _change(self, name: str, config: SourceConfig | None, *, stopped: bool = False) -> None:
        """Do it, and note how it differs from the file."""
        base = self._in_file.get(name)
        change = Change(base=base, now=config, stopped=stopped)
        self._settle(name, change)
        others = {each: kept for each, kept in self._changes.items() if each != name}
        self._let_go()
        differs = config != base or stopped
        self._changes = {**others, name: change} if differs else others
        if self._kept:
            write_changes(self._kept, self._changes)

    def _settle(self, name: str, change: Change) -> None:
        """Bring a source into the state that is wanted, unless it is in it."""
        worker = self.workers.get(name)
        if change.now is None:
            self._drop(name)
        elif worker is None or worker.config != change.now or self._ruled_anew(worker):
            self._replace(name, change.now, stopped=change.stopped)
        elif worker.asked_to_stop and not change.stopped:
            self._replace(name, change.now)
        elif change.stopped and not worker.asked_to_stop:
            self._end(worker)

    def _let_go(self) -> None:
        """Of models that no source wants any more."""
        self._shared.keep(worker.config.choice() for worker in self.workers.values())

    def _ruled_anew(self, worker: Worker) -> bool:
        tasks = task_names(worker.config, self._shared.plugins)
        return worker.rules != rules_for(self._rules, worker.name, tasks)

    def _still_works(self, name: str, change: Change) -> bool:
        """Whether a kept change goes with what the file says now of other things."""
        try:
            if change.now is not None:
                check_source(name, change.now, self._shared.plugins, self._rules)
        except EdgeregError as error:
            log.warning("%s; what was changed is given up for what the file says", error)
            return False
        return True

    def _replace(self, name: str, config: SourceConfig, *, stopped: bool = False) -> None:
        old = self.workers.get(name)
        if old is not None:
            self._end(old)
        place = self._state and self._state / "sources" / f"{name}.json"
        new = Worker(
            name,
            config,
            self._shared,
            self._deliveries,
            self._rules,
            memory=old.memory if old else Memory(place),
            before=old,
        )
        if stopped:
            new.ask_to_stop()
        self.workers = {**self.workers, name: new}
        new.start()

    def _drop(self, name: str) -> None:
        worker = self.workers.get(name)
        self.workers = {each: kept for each, kept in self.workers.items() if each != name}
        if worker is not None:
            self._end(worker)

    def _end(self, worker: Worker) -> None:
        worker.ask_to_stop()
        if not worker.join(2 * CLOSING_S):
            log.warning("source '%s': hangs in a library, and is left behind", worker.name)
