"""Figures against those that were saved before."""

from __future__ import annotations

from collections.abc import Sequence

from edgereg.bench.machine import unlike
from edgereg.bench.record import Record, Row


def differences(rows: Sequence[Row], baseline: Record) -> list[float | None]:
    """By how much of the baseline's p50 each row is slower (negative: faster); None: not in it."""
    before = {row.key: row.p50_ms for row in baseline.rows}
    return [row.p50_ms / before[row.key] - 1 if before.get(row.key) else None for row in rows]


def doubts(record: Record, baseline: Record) -> list[str]:
    """Why the differences may not tell what they seem to, one line each."""
    found = []
    other = unlike(record.machine, baseline.machine)
    if other:
        found.append(f"the baseline was measured on another machine: {', '.join(other)}")
    before = {row.key: row for row in baseline.rows}
    shared = [row for row in record.rows if row.key in before]
    if not shared:
        models = ", ".join(sorted({f"{row.model} {row.precision}" for row in baseline.rows}))
        found.append(f"the baseline has none of these rows; it is of {models or 'nothing'}")
    if any(before[row.key].threads != row.threads for row in shared):
        found.append("the baseline was measured with another number of threads")
    return found
