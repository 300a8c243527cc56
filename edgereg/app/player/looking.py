"""What the user looks at: a task, and the person or object that it tells something of."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from edgereg.app.player.catalogue import detectors_of
from edgereg.app.player.focus import Focus, Followed
from edgereg.app.player.people import Person
from edgereg.app.player.player import Player
from edgereg.app.player.record import Presence, Series
from edgereg.assembly import DEFAULT_TASKS
from edgereg.core.arrays import FloatArray
from edgereg.core.kinds import specs_of
from edgereg.core.predictions import Predictions
from edgereg.core.result import FrameResult
from edgereg.pipeline.loading import LoadedTask

# A task with more values than this is not looked at without being asked for.
_FEW_VALUES = 6
# How often people are counted while results come, in seconds.
_COUNT_S = 0.5


@dataclass(frozen=True)
class Seen:
    """Somebody who was seen so far, when, and whether it is who is followed."""

    person: Person
    presence: Presence
    followed: bool

    @property
    def key(self) -> Followed:
        """How to follow it."""
        return Followed(self.person.detector, self.person.number)


class Looking(QObject):
    """Follows one prediction through a player's results.

    Signals: `changed()`: another task or somebody else is looked at; `counted(list[Seen])`:
    all who were seen so far, at most twice a second.
    """

    changed = Signal()
    counted = Signal(object)

    def __init__(self, player: Player) -> None:
        super().__init__(player)
        self.focus = Focus()
        self.loaded: Mapping[str, LoadedTask] = {}
        self._player = player
        self._count_due = 0.0
        player.renewed.connect(self._forget)
        player.passed.connect(self._remember)
        player.polled.connect(lambda _: self._count())

    @property
    def task(self) -> LoadedTask | None:
        """The task looked at."""
        return self.loaded.get(self.focus.task or "")

    @property
    def result(self) -> FrameResult | None:
        """What is shown."""
        return self._player.current

    @property
    def found(self) -> Predictions | None:
        """What the task looked at found in what is shown; None where it is not computed."""
        result = self.result
        if result is None or self.focus.task is None:
            return None
        return result.predictions.get(self.focus.task)

    @property
    def row(self) -> int | None:
        """The row of `found` looked at, or None where it is not seen here."""
        return None if self.result is None else self.focus.row(self.result)

    def region(self, result: FrameResult) -> FloatArray | None:
        """The box [4] of who is looked at in a result, or None."""
        return self.focus.region(result)

    def use(self, tasks: Sequence[LoadedTask]) -> None:
        """Take the tasks; the present one, a default one, else the last with few values, is looked
        at."""
        self.loaded = {loaded.name: loaded for loaded in tasks}
        self.focus.detectors = detectors_of(tasks)
        few = [
            name
            for name, loaded in self.loaded.items()
            if sum(spec.size for spec in specs_of(loaded.kinds)) <= _FEW_VALUES
        ]
        first = [name for name in DEFAULT_TASKS if name in few] or few[-1:] or list(self.loaded)
        if self.focus.task in self.loaded:
            self._tell()
        else:
            self.choose(first[0] if first else None)

    def choose(self, task: str | None) -> None:
        """Look at what another task tells of the same person."""
        if task != self.focus.task:
            self.focus.task = task
            if self.result is not None:
                self._remember([self.result])
            self._tell()

    def pick(self, x: float, y: float) -> None:
        """Look at who is under a point of the picture; else at the largest again."""
        if self.result is None:
            return
        if not self.focus.pick(self.result, x, y):
            self.focus.release()
            self.focus.see(self.result)
        self._fit_task()
        self._tell()

    def follow(self, followed: Followed) -> None:
        """Look at a person."""
        self.focus.follow(followed)
        self._fit_task()
        self._tell()

    def release(self) -> None:
        """Back to the largest."""
        self.focus.release()
        self._tell()

    def follow_next(self, direction: int) -> None:
        """Look at the next person (1), or the one before (-1), round and round."""
        everybody = self.everybody()
        if everybody:
            at = next((i for i, seen in enumerate(everybody) if seen.followed), -1)
            if at < 0 and direction < 0:
                at = 0
            self.follow(everybody[(at + direction) % len(everybody)].key)

    def everybody(self) -> list[Seen]:
        """All who were seen so far."""
        seen = []
        for one in self._player.people.everybody():
            presence = self._player.record.presence(one.detector, one.number)
            if presence is not None:
                followed = self.focus.followed == Followed(one.detector, one.number)
                seen.append(Seen(one, presence, followed))
        return seen

    def series(self) -> Series:
        """The values looked at over time."""
        return self._player.record.series(self.focus.task, self.focus.track)

    def appearance(self) -> Callable[[FrameResult], bool]:
        """Tells of results that come one after another which is the first of a new appearance of
        something that the task looked at can find."""
        task, found = self.focus.task, self.found
        absent = found is None or not len(found)

        def begins(result: FrameResult) -> bool:
            nonlocal absent
            found = bool(task is not None and len(result.predictions.get(task, ())))
            begun, absent = found and absent, not found
            return begun

        return begins

    def appearance_before(self, index: int) -> int | None:
        """Where the last appearance before frame `index` begins, of the frames seen so far."""
        return self._player.record.appearance_before(self.focus.task, index)

    def _forget(self) -> None:
        """Another source has other people."""
        self.focus.release()

    def _remember(self, results: Sequence[FrameResult]) -> None:
        """Look at results that come one after the other: who is there, and who is new."""
        for each in results:
            self.focus.see(each)
        followed, people = self.focus.followed, self._player.people
        if followed is None:
            return
        if people.removed(followed.detector, followed.number):
            # It may still be in results that were on their way.
            self.focus.release()
        else:
            number = people.resolve(followed.detector, followed.number)
            self.focus.followed = Followed(followed.detector, number)

    def _fit_task(self) -> None:
        """Look at a task that tells something of who is followed."""
        followed, detectors = self.focus.followed, self.focus.detectors
        if followed is None or detectors.get(self.focus.task or "") == followed.detector:
            return
        fitting = [task for task, detector in detectors.items() if detector == followed.detector]
        if fitting:
            self.focus.task = fitting[-1]

    def _tell(self) -> None:
        self.changed.emit()
        self._count(now=True)

    def _count(self, *, now: bool = False) -> None:
        if now or self._count_due < time.monotonic():
            self._count_due = time.monotonic() + _COUNT_S
            self.counted.emit(self.everybody())
