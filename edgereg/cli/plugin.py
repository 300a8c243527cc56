"""`edgereg plugin`: what is installed, what it adds, and switching it off and on."""

from __future__ import annotations

import click

from edgereg.cli.session import Session, pass_session


@click.group("plugin")
def command() -> None:
    """List plugins, disable and enable them."""


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
