"""`edgereg bench`: how fast the graphs of models run, on which engine, for which batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgereg.cli.session import Session, pass_session, warn
from edgereg.cli.tables import show_table
from edgereg.cli.waiting import at_work
from edgereg.errors import EngineError, PluginError

if TYPE_CHECKING:
    from edgereg.bench.record import Record, Row
    from edgereg.tasks import Task

COLUMNS = ("model", "precision", "engine", "graph", "batch", "p50 ms", "p95 ms", "p99 ms", "per s")
MORE = ("cold s", "cached s", "RSS MB", "device MB", "mJ")


@click.command("bench")
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.option(
    "--engine",
    "engines",
    multiple=True,
    default=("auto",),
    show_default=True,
    help="A name that 'engines' lists (repeatable); 'all': every one that works.",
)
@click.option(
    "--batch",
    "batches",
    type=click.IntRange(1),
    multiple=True,
    default=(1,),
    show_default=True,
    help="Images in one run (repeatable).",
)
@click.option("--runs", type=click.IntRange(1), default=50, show_default=True)
@click.option("--threads", type=click.IntRange(1), help="CPU threads (default: all cores).")
@click.option(
    "--startup/--no-startup",
    default=True,
    show_default=True,
    help="Time fresh processes too, without and with what a provider has compiled.",
)
@click.option("--save", type=click.Path(path_type=Path), help="Write the figures as JSON.")
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    help="Show the difference from figures that --save wrote.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@pass_session
def command(session: Session, /, models: tuple[str, ...], **options: Any) -> None:
    """Time the graphs of models.

    MODEL: a model folder or a task; name the folders of several precisions to compare them. The
    images are the bundled clip's first frame, or its first head for a model that looks at regions.
    `refine` climbs all candidates by the model's own number of steps. An engine that does not work
    is named and left out.
    """
    from edgereg.bench.record import Record, describe_machine, read_record

    before = read_record(options["baseline"]) if options["baseline"] else None
    rows: list[Row] = []
    for model in models:
        for engine in _engines(options["engines"]):
            rows += _rows(session, model, engine, options)
    record = Record(describe_machine(), tuple(rows))
    if options["save"]:
        record.save(options["save"])
    if options["as_json"]:
        click.echo(record.text())
    else:
        _show(record, before)


def _engines(names: Sequence[str]) -> list[str]:
    """The engines named, 'all' spelt out."""
    from edgereg.engines.select import list_providers

    if "all" not in names:
        return list(names)
    return [row.short for row in list_providers() if row.status == "works"]


def _rows(session: Session, model: str, engine: str, options: dict[str, Any]) -> list[Row]:
    """All rows of one model on one engine; none, and a warning, where one of several fails."""
    from edgereg.bench.measure import Effort, measure
    from edgereg.bench.startup import measure_startup
    from edgereg.engines.machine import usable_cores
    from edgereg.models.folder import load_model
    from edgereg.pipeline.loading import load_task

    tasks = session.tasks()
    folder = tasks[model].model if model in tasks else Path(model)
    task = _task_for(tasks, load_model(folder).spec.task)
    threads = options["threads"] or usable_cores()
    own = session.plugins.engines()
    try:
        with at_work(f"timing {model} on {engine}"):
            loaded = load_task(task, folder, provider=engine, threads=threads, loaders=own)
            name = loaded.predict.provider if engine == "auto" else engine
            rows = list(measure(loaded, name, Effort(options["batches"], options["runs"])))
            if options["startup"] and engine not in own:
                took = measure_startup(folder, engine, threads)
                cold, cached = round(took.cold_s, 3), round(took.cached_s, 3)
                rss = None if took.rss_mb is None else round(took.rss_mb, 1)
                rows = [replace(r, cold_s=cold, cached_s=cached, rss_mb=rss) for r in rows]
    except EngineError as error:
        if len(options["engines"]) == 1 and "all" not in options["engines"]:
            raise
        warn(f"{model} on {engine}: {error}")
        return []
    return rows


def _task_for(tasks: dict[str, Task], name: str) -> Task:
    if name not in tasks:
        raise PluginError(f"no plugin brings the task '{name}' of this model; see: edgereg tasks")
    return tasks[name]


def _show(record: Record, before: Record | None) -> None:
    """The table; columns that no row fills are left out."""
    from edgereg.bench.record import differences

    cells = [
        (*map(str, row.key), *(f"{x:.2f}" for x in (row.p50_ms, row.p95_ms, row.p99_ms)),
         f"{row.per_s:.1f}") for row in record.rows
    ]  # fmt: skip
    more = [
        (row.cold_s, row.cached_s, row.rss_mb, row.device_mb, row.energy_mj) for row in record.rows
    ]
    used = [place for place in range(len(MORE)) if any(row[place] is not None for row in more)]
    columns = [*COLUMNS, *(MORE[place] for place in used)]
    rows = [
        [*cell, *("" if extra[place] is None else f"{extra[place]:.2f}" for place in used)]
        for cell, extra in zip(cells, more, strict=True)
    ]
    if before is not None:
        columns.append("p50 against baseline")
        for row, change in zip(rows, differences(record.rows, before), strict=True):
            row.append("new" if change is None else f"{100 * change:+.1f} %")
        if before.machine.get("processor") != record.machine["processor"]:
            warn("the baseline was measured on another machine")
    machine = record.machine
    gpu = "" if machine["gpu"] == "none" else f", {machine['gpu']} (driver {machine['driver']})"
    title = f"{machine['processor']}, {machine['cores']} cores{gpu}; {machine['engines']}"
    show_table(columns, rows, title=title)
