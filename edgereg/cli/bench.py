"""`edgereg bench`: how fast the graphs of models run, on which engine, for which batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgereg.cli.bench_table import show_record
from edgereg.cli.session import Session, pass_session, warn
from edgereg.cli.waiting import at_work
from edgereg.core.errors import EdgeregError, EngineError, PluginError

if TYPE_CHECKING:
    from edgereg.bench.cases import Case
    from edgereg.bench.measure import Measured
    from edgereg.bench.record import Record, Row
    from edgereg.bench.startup import StartUp
    from edgereg.core.model_spec import GraphName
    from edgereg.models.folder import ModelFolder

# The spinner's own work must not be seen in the figures.
REFRESHES_PER_S = 1.0


@dataclass(frozen=True)
class Subject:
    """A model on an engine: what it is called in the table, and what is started afresh.

    engine: as it was asked for; '' where a new process would not know it. graphs: with the
    threads of each.
    """

    label: str
    folder: Path
    engine: str
    graphs: tuple[tuple[GraphName, int], ...]


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
@click.option(
    "--graph",
    "graphs",
    type=click.Choice(["predict", "refine", "density", "spread"]),
    multiple=True,
    help="Only this graph (repeatable; default: all).",
)
@click.option("--runs", type=click.IntRange(1), default=50, show_default=True)
@click.option("--threads", type=click.IntRange(1), help="CPU threads (default: as a run has them).")
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
@click.option("--markdown", is_flag=True, help="Print a Markdown table, for a page.")
@pass_session
def command(session: Session, /, models: tuple[str, ...], **options: Any) -> None:
    """Time the graphs of models.

    MODEL: a model folder, a folder of several (say, one for each precision), or a task. The images
    are the bundled clip's first frame, or its first head for a model that looks at regions. All
    models take turns, so that what else the machine does strikes them alike. An engine that does
    not work is named and left out. Ctrl-C ends the measuring and keeps what was measured.
    """
    from edgereg.bench.machine import describe_machine, is_busy
    from edgereg.bench.measure import nothing_yet, rows_of
    from edgereg.bench.record import Record, read_record, require_place

    before = read_record(options["baseline"]) if options["baseline"] else None
    if options["save"]:
        require_place(options["save"])
    machine = describe_machine()
    cases = _cases(session, models, options)
    if is_busy(machine):
        warn(f"other work keeps this machine busy (load {machine['load']} on {machine['cores']} "
             "cores): the ratios are of use, the times are not")  # fmt: skip
    found = nothing_yet()
    started: dict[Subject, StartUp] = {}
    interrupted: KeyboardInterrupt | None = None
    try:
        _measure(cases, found, started, options)
    except KeyboardInterrupt as interrupt:
        interrupted = interrupt
    rows = rows_of(found)
    whole = tuple(_with_startup(row, started.get(cases[case])) for case, row in rows.items())
    _tell_failures(found, whole)
    _hand_over(Record(machine, whole), before, options)
    if interrupted is not None:
        raise interrupted


def _cases(session: Session, models: Sequence[str], options: dict[str, Any]) -> dict[Case, Subject]:
    """What is to be measured, of each model on each engine that loads it."""
    from edgereg.bench.cases import GRAPHS, Wanted, cases_of, load_graphs
    from edgereg.core.tasks import is_step_task
    from edgereg.engines.select import SHORT

    wanted = Wanted(list(dict.fromkeys(options["batches"])), options["graphs"] or GRAPHS)
    tasks = session.tasks()
    loaders = {name: provider.load for name, provider in session.plugins.engines().items()}
    found: dict[Case, Subject] = {}
    failures: list[tuple[str, EngineError]] = []
    for label, model in _labelled(session, models):
        name = model.spec.task
        task = tasks.get(name)
        if task is None or is_step_task(task):
            raise PluginError(
                f"no plugin brings a task '{name}' on regions, as this model needs; "
                "see: edgereg tasks"
            )
        for engine in _engines(options["engines"]):
            try:
                with at_work(f"loading {label} on {engine}"):
                    loaded = load_graphs(task, model, engine, options["threads"], loaders)
                    known = engine if engine in SHORT or engine not in loaders else ""
                    subject = Subject(label, model.path, known, tuple(loaded.threads.items()))
                    cases = list(cases_of(loaded, label, wanted))
            except EngineError as error:
                failures.append((f"{label} on {engine}", error))
                continue
            lost = (loaded.failures[name] for name in wanted.graphs if name in loaded.failures)
            failures += [(f"{label} on {engine}", failure) for failure in lost]
            found.update(dict.fromkeys(cases, subject))
    if not found:
        raise failures[0][1] if failures else EngineError("no model has a graph of these")
    for where, failure in failures:
        warn(f"{where}: {failure}")
    return found


def _labelled(session: Session, models: Sequence[str]) -> list[tuple[str, ModelFolder]]:
    """The model folders, each with a name of its own in the table: the model's, or where two of
    one precision are called the same, the folder's."""
    from edgereg.bench.cases import model_folders
    from edgereg.models.folder import load_model

    tasks = session.tasks()
    places: list[Path] = []
    for model in models:
        own = tasks[model].model if model in tasks else None
        places += [own] if own else model_folders(Path(model))
    folders = [load_model(place) for place in dict.fromkeys(places)]
    called = [(folder.spec.name, folder.spec.precision) for folder in folders]
    return [
        (name if called.count((name, precision)) == 1 else str(folder.path), folder)
        for folder, (name, precision) in zip(folders, called, strict=True)
    ]


def _engines(names: Sequence[str]) -> list[str]:
    """The engines named, each once, 'all' spelt out."""
    from edgereg.engines.select import list_providers

    if "all" not in names:
        return list(dict.fromkeys(names))
    return [row.short for row in list_providers() if row.status == "works"]


def _measure(
    cases: dict[Case, Subject],
    found: Measured,
    started: dict[Subject, StartUp],
    options: dict[str, Any],
) -> None:
    """Fill `found` and `started`."""
    from edgereg.bench.energy import Meter
    from edgereg.bench.measure import measure_energy, time_in_turns
    from edgereg.bench.startup import measure_startup

    with at_work("measuring", REFRESHES_PER_S) as say:
        time_in_turns(list(cases), options["runs"], found, say)
        with Meter() as meter:
            measure_energy(found, meter, say)
        subjects = dict.fromkeys(subject for subject in cases.values() if subject.engine)
        for subject in subjects if options["startup"] else ():
            say(f"starting {subject.label} on {subject.engine} in a new process")
            try:
                started[subject] = measure_startup(
                    subject.folder, subject.engine, dict(subject.graphs)
                )
            except EngineError as error:
                warn(str(error))


def _with_startup(row: Row, took: StartUp | None) -> Row:
    if took is None:
        return row
    return replace(
        row,
        cold_s=took.cold_s,
        cached_s=took.cached_s,
        rss_mb=took.rss_mb,
        model_mb=took.model_mb,
        device_mb=took.device_mb,
    )


def _tell_failures(found: Measured, rows: Sequence[Row]) -> None:
    """Name the cases that failed; raise where nothing else is left."""
    if found.failed and not rows:
        raise next(iter(found.failed.values()))
    for case, error in found.failed.items():
        warn(f"{case.model} {case.precision} on {case.engine}, {case.title}, batch {case.batch}: "
             f"{error}")  # fmt: skip


def _hand_over(record: Record, before: Record | None, options: dict[str, Any]) -> None:
    """Print first: figures that can't be saved are not lost then."""
    if not record.rows:
        return
    if options["as_json"]:
        click.echo(record.text())
    else:
        show_record(record, before, markdown=options["markdown"])
    if options["save"]:
        try:
            record.save(options["save"])
        except EdgeregError as error:
            raise EdgeregError(f"{error}; the figures are above") from error
