"""Rules over the results of one source, track by track."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from edgereg.core.errors import EdgeregError, one_line
from edgereg.core.kinds import Kinds, specs_of
from edgereg.core.records import Record
from edgereg.serve.rules import change, line, region, results, threshold
from edgereg.serve.rules.config import (
    ChangeRule,
    LineRule,
    RegionRule,
    ResultsRule,
    RuleConfig,
    ThresholdRule,
)
from edgereg.serve.rules.kept import Kept, KeptRules, Track
from edgereg.serve.rules.subject import Subject, box_of

log = logging.getLogger(__name__)

# What belongs to an event before it, and is told where that was.
FOLLOWING = frozenset({"end", "leave", "dwell"})

_KINDS: Mapping[type, Any] = {
    RegionRule: region,
    LineRule: line,
    ThresholdRule: threshold,
    ChangeRule: change,
    ResultsRule: results,
}


@dataclass(frozen=True)
class Event:
    """What a rule has to say. track: of whom, or None. records: as they were seen last."""

    rule: str
    what: str
    track: int | None
    records: Sequence[Record]


class Following:
    """The rules of one source. counts: events told, by rule. One thread feeds it; any may ask."""

    def __init__(self, rules: Mapping[str, RuleConfig], before: KeptRules | None = None) -> None:
        """before: what was kept of another one, whose place it takes."""
        before = before or KeptRules()
        self._rules = rules
        self._lock = threading.Lock()
        self._tracks: dict[str, dict[int | None, Track]] = {name: {} for name in rules}
        self._ahead_s = 0.0
        self._latest_s = before.clock_s
        self.counts = dict.fromkeys(rules, 0)
        for name, kept in before.rules.items():
            if name in rules and kept.rule == rules[name].model_dump(mode="json"):
                self.counts[name] = kept.count
                self._tracks[name] = _known_again(name, rules[name], kept)

    def kept(self) -> KeptRules:
        """What another one needs in order to go on from here."""
        with self._lock:
            clock_s, counts = self._latest_s, dict(self.counts)
            tracks = {name: list(each.items()) for name, each in self._tracks.items()}
        kept = {
            name: Kept(rule.model_dump(mode="json"), counts[name], tracks[name])
            for name, rule in self._rules.items()
        }
        return KeptRules(clock_s, kept)

    def events(
        self, time_s: float, size: tuple[int, int], found: Mapping[str, Sequence[Record]]
    ) -> list[Event]:
        """What a frame brings. size: its width and height. found: records by task, for the tasks
        that looked at it. time_s: of the frame; where it goes back, because another run begins,
        the rules' clock goes on."""
        with self._lock:
            return self._events(time_s, size, found)

    def _events(
        self, time_s: float, size: tuple[int, int], found: Mapping[str, Sequence[Record]]
    ) -> list[Event]:
        self._ahead_s += max(0.0, self._latest_s - (time_s + self._ahead_s))
        self._latest_s = now = time_s + self._ahead_s
        events: list[Event] = []
        for name, rule in self._rules.items():
            if rule.task in found:
                events += self._of_rule(name, rule, Subject(now, size, found[rule.task]))
        for event in events:
            self.counts[event.rule] += 1
        return events

    def _of_rule(self, name: str, rule: RuleConfig, frame: Subject) -> Iterator[Event]:
        tracks = self._tracks[name]
        kind = _KINDS[type(rule)]
        for track, records in _subjects(rule, frame.records).items():
            before = tracks.get(track) or Track(kind.Held(), frame.now, records)
            held, whats = kind.seen(rule, before.held, replace(frame, records=records))
            after = replace(before, held=held, seen_at=frame.now, records=records)
            for what in whats:
                after, told = _told(rule, after, what, frame.now)
                if told:
                    yield Event(name, what, track, records)
            tracks[track] = after
        left = [track for track, each in tracks.items() if frame.now - each.seen_at > rule.gone]
        for track in left:
            away = tracks.pop(track)
            for what in kind.gone(rule, away.held):
                if _told(rule, away, what, frame.now)[1]:
                    yield Event(name, what, track, away.records)


def _known_again(name: str, rule: RuleConfig, kept: Kept) -> dict[int | None, Track]:
    """The tracks of a rule as its kind holds them; none where another version kept them."""
    held = TypeAdapter(_KINDS[type(rule)].Held)
    try:
        return {
            number: replace(track, held=held.validate_python(track.held))
            for number, track in kept.tracks
        }
    except ValidationError as error:
        log.warning("rule '%s': begins anew: %s", name, one_line(error))
        return {}


def _told(rule: RuleConfig, track: Track, what: str, now: float) -> tuple[Track, bool]:
    """Whether an event is told, by how often that may be, and by whether it is wanted."""
    wanted = not rule.events or what in rule.events
    if what in FOLLOWING:
        return track, wanted and track.telling
    soon = track.told_at is not None and now - track.told_at < rule.every
    if soon:
        return replace(track, telling=False), False
    return replace(track, told_at=now, telling=True), wanted


def _subjects(rule: RuleConfig, records: Sequence[Record]) -> dict[int | None, Sequence[Record]]:
    """Records by track; None: of the whole frame. A box that nobody follows is nobody's."""
    together = isinstance(rule, ResultsRule) or (
        isinstance(rule, ChangeRule) and rule.of == change.COUNT
    )
    if together:
        return {None: records}
    found: dict[int | None, Sequence[Record]] = {}
    for record in records:
        if record["track"] is not None or box_of(record) is None:
            found.setdefault(record["track"], [record])
    return found


def check_values(rules: Mapping[str, RuleConfig], kinds: Mapping[str, Kinds]) -> None:
    """Raise EdgeregError where a rule names a value that its task does not give. kinds: by task."""
    for name, rule in rules.items():
        if isinstance(rule, ThresholdRule):
            wanted = list(rule.values)
        elif isinstance(rule, ChangeRule):
            others = (change.COUNT, change.LABEL, change.STATE)
            wanted = [] if rule.of in others else [rule.of]
        else:
            continue
        known = [spec.name for spec in specs_of(kinds[rule.task]) if spec.size == 1]
        unknown = next((each for each in wanted if each not in known), None)
        if unknown is not None:
            raise EdgeregError(
                f"rules.{name}: '{rule.task}' gives no number '{unknown}'; it has: "
                f"{', '.join(known) or 'none'}"
            )


def rules_for(
    rules: Mapping[str, RuleConfig], source: str, tasks: Sequence[str]
) -> dict[str, RuleConfig]:
    """Those that hold for a source with these tasks.

    Raises EdgeregError where one names the source, which lacks its task.
    """
    chosen = {}
    for name, rule in rules.items():
        if source in rule.sources and rule.task not in tasks:
            raise EdgeregError(
                f"rules.{name}: source '{source}' does not run '{rule.task}'; it runs: "
                f"{', '.join(tasks)}"
            )
        if rule.task in tasks and (not rule.sources or source in rule.sources):
            chosen[name] = rule
    return chosen
