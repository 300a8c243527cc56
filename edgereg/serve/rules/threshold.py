"""Values that come into their ranges and stay there."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from edgereg.core.records import Record
from edgereg.serve.rules.config import ThresholdRule
from edgereg.serve.rules.probability import within
from edgereg.serve.rules.subject import Subject


@dataclass(frozen=True)
class Held:
    """Since when it holds, or None, and whether that was told."""

    since: float | None = None
    told: bool = False


def seen(rule: ThresholdRule, held: Held, subject: Subject) -> tuple[Held, list[str]]:
    """What is held after a frame, and the events: 'begin' once it has held long enough, 'end'."""
    record, since = subject.record, held.since
    if since is None:
        if not _comes_in(rule, record):
            return held, []
        since = subject.now
        held = Held(since)
    elif _has_left(rule, record):
        return Held(), ["end"] * held.told
    if not held.told and subject.now - since >= rule.seconds:
        return replace(held, told=True), ["begin"]
    return held, []


def gone(rule: ThresholdRule, held: Held) -> list[str]:
    """The events of a track that is not seen any more."""
    return ["end"] * held.told


def _comes_in(rule: ThresholdRule, record: Record) -> bool:
    if rule.probability is not None:
        return probability(rule, record) >= rule.probability
    return _inside(rule, record, 0.0)


def _has_left(rule: ThresholdRule, record: Record) -> bool:
    if rule.probability is not None:
        least = rule.release_probability
        return probability(rule, record) < (rule.probability if least is None else least)
    return not _inside(rule, record, rule.release)


def _inside(rule: ThresholdRule, record: Record, margin: float) -> bool:
    """Whether every value is in its range, made wider by a margin on both sides."""
    values = record["smoothed"] or record["values"]
    for name, ends in rule.values.items():
        low, high = _range(ends)
        shifts = (0.0, -360.0, 360.0) if record["units"].get(name) == "degree" else (0.0,)
        if not any(low - margin <= values[name] + shift <= high + margin for shift in shifts):
            return False
    return True


def probability(rule: ThresholdRule, record: Record) -> float:
    """That all values are in their ranges, taken as independent of each other."""
    found = 1.0
    for name, ends in rule.values.items():
        interval = record["interval"] and record["interval"][name]
        period = 360.0 if record["units"].get(name) == "degree" else None
        found *= within(record["values"][name], interval, *_range(ends), period=period)
    return found


def _range(ends: tuple[float | None, float | None]) -> tuple[float, float]:
    low, high = ends
    return -math.inf if low is None else low, math.inf if high is None else high
