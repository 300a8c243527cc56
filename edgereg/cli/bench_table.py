"""The table that `edgereg bench` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from edgereg.cli.session import warn
from edgereg.cli.tables import show_table

if TYPE_CHECKING:
    from edgereg.bench.record import Record, Row

COLUMNS = (
    "model",
    "precision",
    "engine",
    "graph",
    "batch",
    "file MB",
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "per s",
)
MORE = ("x FP32", "cold s", "cached s", "RSS MB", "model MB", "device MB", "mJ")


def show_record(record: Record, before: Record | None, *, markdown: bool = False) -> None:
    """Print it, with the difference from the baseline; columns that no row fills are left out."""
    from edgereg.bench.compare import differences, doubts

    more = [_more(row) for row in record.rows]
    used = [place for place in range(len(MORE)) if any(row[place] is not None for row in more)]
    columns = [*COLUMNS, *(MORE[place] for place in used)]
    rows = [
        [*_figures(row), *(_number(extra[place]) for place in used)]
        for row, extra in zip(record.rows, more, strict=True)
    ]
    if before is not None:
        columns.append("p50 against baseline")
        for line, change in zip(rows, differences(record.rows, before), strict=True):
            line.append("new" if change is None else f"{100 * change:+.1f} %")
        for doubt in doubts(record, before):
            warn(doubt)
    if not markdown:
        show_table(columns, rows, title=_title(record))
        return
    click.echo(f"{_title(record)}\n")
    for cells in (columns, ["---"] * len(columns), *rows):
        click.echo(f"| {' | '.join(cells)} |")


def _figures(row: Row) -> tuple[str, ...]:
    times = (_number(x) for x in (row.file_mb, row.p50_ms, row.p95_ms, row.p99_ms))
    return (*map(str, row.key), *times, f"{row.per_s:.1f}")


def _more(row: Row) -> tuple[float | None, ...]:
    return (
        row.times_fp32,
        row.cold_s,
        row.cached_s,
        row.rss_mb,
        row.model_mb,
        row.device_mb,
        row.energy_mj,
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _title(record: Record) -> str:
    machine = record.machine
    gpu = "" if machine["gpu"] == "none" else f", {machine['gpu']} (driver {machine['driver']})"
    counts = sorted({row.threads for row in record.rows})
    threads = " or ".join(map(str, counts)) + (" thread" if counts == [1] else " threads")
    energy = "" if any(row.energy_mj for row in record.rows) else "; no energy reported here"
    cores = f"{machine['processor']}, {machine['cores']} cores"
    return f"{cores}{gpu}; {machine['engines']}; {threads}{energy}"
