"""Every result, for those who want few of them."""

from __future__ import annotations

from dataclasses import dataclass

from edgereg.serve.rules.config import ResultsRule
from edgereg.serve.rules.subject import Subject


@dataclass(frozen=True)
class Held:
    """Nothing: how often is the same for all rules."""


def seen(rule: ResultsRule, held: Held, subject: Subject) -> tuple[Held, list[str]]:
    """The event 'result'."""
    return held, ["result"]


def gone(rule: ResultsRule, held: Held) -> list[str]:
    """Nothing."""
    return []
