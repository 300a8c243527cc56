"""`edgereg engines`: which providers work on this machine, and compiling models for it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from edgereg.cli.session import Session, pass_session
from edgereg.cli.tables import show_table
from edgereg.cli.waiting import at_work


@click.group("engines", invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """List engines, or compile models for this machine.

    Each provider is proven by running a small graph.
    """
    if ctx.invoked_subcommand is None:
        _list(ctx.ensure_object(Session))


def _list(session: Session) -> None:
    from edgereg.engines.select import SHORT, list_providers

    with at_work("trying engines"):
        proven = [(row.short, row.name, row.status, row.reason) for row in list_providers()]
    offered = session.plugins.engines()
    added = [
        (name, offered[name].title, "plugin", "not tried") for name in offered if name not in SHORT
    ]
    rows: list[tuple[str, ...]] = [*proven, *added]
    show_table(("--engine", "provider", "status", "reason"), rows)


@command.command("build")
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.option(
    "--batch",
    default="1:1:16",
    show_default=True,
    metavar="LEAST:USUAL:MOST",
    help="Images or regions in one run; more are run in parts.",
)
@pass_session
def build(session: Session, models: tuple[str, ...], batch: str) -> None:
    """Compile models with TensorRT now, so that the first run need not wait.

    MODEL: a model folder or a task. The engines go to the cache that every run uses; one that is
    there already, for this model, shapes, TensorRT, GPU and driver, is not built again.
    """
    from edgereg.engines.ranges import parse_batch
    from edgereg.engines.tensorrt.build import ROW, build_engine

    chosen = parse_batch(batch)
    tasks = session.tasks()
    rows: list[tuple[str, ...]] = []
    for model in models:
        folder = (tasks[model].model if model in tasks else None) or Path(model)
        for built in build_engine(folder, batch=chosen, progress=partial(_tell, model)):
            rows.append((model, *built.row()))
    show_table(("model", *ROW), rows)


def _tell(model: str, graph: str) -> None:
    click.echo(f"{model}: compiling {graph}, which may take minutes", err=True)
