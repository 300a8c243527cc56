"""What rules hold of their tracks, as it is kept over a restart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from edgereg.core.records import Record


@dataclass(frozen=True)
class Track:
    """What a rule knows of a track. held: as its kind of rule holds it. seen_at: when last, and
    records: as what. told_at: of the last event that follows no other. telling: what follows it is
    told too."""

    held: Any
    seen_at: float
    records: Sequence[Record]
    told_at: float | None = None
    telling: bool = False


@dataclass(frozen=True)
class Kept:
    """Of one rule. rule: what it said; one that says something else begins anew. count: of events
    that were told. tracks: (number, or None for the whole frame, and what is known)."""

    rule: dict[str, Any]
    count: int
    tracks: list[tuple[int | None, Track]]


@dataclass(frozen=True)
class KeptRules:
    """Of a source. clock_s: of the rules, which goes on from run to run."""

    clock_s: float = 0.0
    rules: dict[str, Kept] = field(default_factory=dict)
