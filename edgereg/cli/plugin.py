"""`edgereg plugin`: what is installed, what it adds, switching it off and on, and a new one."""

from __future__ import annotations

from pathlib import Path

import click

from edgereg.cli.session import Session, pass_session

# Those of edgereg.authoring.new, which is imported only when a package is made; a test holds the
# two together.
KINDS = (
    "scalar", "points", "boxes", "angles", "map", "step",
    "source", "sink", "engine", "method", "dataset", "command",
)  # fmt: skip


@click.group("plugin")
def command() -> None:
    """List plugins, disable and enable them, begin a new one."""


@command.command("new")
@click.argument("name")
@click.option("--kind", type=click.Choice(KINDS), required=True, help="What it adds to edgereg.")
@click.option(
    "--into",
    type=click.Path(path_type=Path),
    help="Folder to write, which must not hold anything yet (default: edgereg-NAME).",
)
@click.option("--author", default="", help="Whose name stands in the licence.")
@pass_session
def new(session: Session, name: str, kind: str, into: Path | None, author: str) -> None:
    """Write the package of a new plugin NAME, which installs, runs and passes its tests."""
    from edgereg.authoring.new import make_plugin

    if name in session.plugins.entries or name in _taken(session, kind):
        raise click.UsageError(f"'{name}' is taken; edgereg plugin list shows by what")
    folder = into or Path(f"edgereg-{name}")
    for path in make_plugin(name, kind, folder, author or f"the authors of edgereg-{name}"):
        click.echo(path)
    click.echo(f"Now: pip install -e '{folder}[test]', then: pytest {folder}")


def _taken(session: Session, kind: str) -> set[str]:
    """The names that a plugin of this kind can't have."""
    from edgereg.builtin import COMMANDS

    plugins = session.plugins
    if kind == "sink":
        return {ending.removeprefix(".") for ending in plugins.sinks()}
    if kind == "source":
        return {*plugins.sources()}
    if kind == "engine":
        return {*plugins.engines(), "auto"}
    if kind == "command":
        return {*plugins.commands(), *COMMANDS}
    if kind in ("method", "dataset"):
        return {*plugins.training_parts(f"edgereg_{kind}s")}
    return {*plugins.tasks()}


@command.command("list")
@pass_session
def list_plugins(session: Session) -> None:
    """Show every installed plugin, its state and its hooks."""
    plugins = session.plugins
    plugins.call_all()
    faulty = {fault.plugin for fault in plugins.faults}
    for name, entry in plugins.entries.items():
        state = "disabled" if name in plugins.disabled else "faulty" if name in faulty else "ok"
        hooks = ", ".join(plugins.hooks_of(name))
        click.echo(f"{name:16} {state:9} {entry.value:30} {hooks}".rstrip())
    session.report_faults()


@command.command("disable")
@click.argument("name")
@pass_session
def disable(session: Session, name: str) -> None:
    """Leave plugin NAME out from now on."""
    from edgereg.plugins import read_disabled, write_disabled

    _known(session, name)
    write_disabled(read_disabled() | {name})
    click.echo(f"Plugin '{name}' is disabled; undo with: edgereg plugin enable {name}")


@command.command("enable")
@click.argument("name")
@pass_session
def enable(session: Session, name: str) -> None:
    """Load plugin NAME again."""
    from edgereg.plugins import read_disabled, write_disabled

    _known(session, name)
    write_disabled(read_disabled() - {name})
    click.echo(f"Plugin '{name}' is enabled.")


def _known(session: Session, name: str) -> None:
    names = session.plugins.entries
    if name not in names:
        raise click.UsageError(f"no plugin '{name}' is installed; installed: {', '.join(names)}")
