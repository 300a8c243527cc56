"""What changes: a label, a state, a number, or how many there are."""

from __future__ import annotations

from dataclasses import dataclass

from edgereg.serve.rules.config import ChangeRule
from edgereg.serve.rules.subject import Subject

COUNT, LABEL, STATE = "count", "label", "state"


@dataclass(frozen=True)
class Held:
    """What was told last; None: nothing yet."""

    value: float | str | None = None


def seen(rule: ChangeRule, held: Held, subject: Subject) -> tuple[Held, list[str]]:
    """What is held after a frame, and the event 'change'. The first value is none."""
    value = _value(rule, subject)
    before = held.value
    if value is None or before is None:
        return Held(before if value is None else value), []
    if isinstance(value, str) or isinstance(before, str):
        changed = value != before
    else:
        changed = value != before and abs(value - before) >= rule.by
    return (Held(value), ["change"]) if changed else (held, [])


def gone(rule: ChangeRule, held: Held) -> list[str]:
    """A track that is not seen any more changes nothing."""
    return []


def _value(rule: ChangeRule, subject: Subject) -> float | str | None:
    if rule.of == COUNT:
        return float(len(subject.records))
    record = subject.record
    if rule.of in (LABEL, STATE):
        word: str | None = record[rule.of]
        return word
    values = record["smoothed"] or record["values"]
    return float(values[rule.of])
