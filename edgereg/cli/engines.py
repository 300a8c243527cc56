"""`edgereg engines`: which providers work on this machine."""

from __future__ import annotations

import click

from edgereg.cli.session import Session, pass_session
from edgereg.cli.tables import show_table


@click.command("engines")
@pass_session
def command(session: Session) -> None:
    """List engine providers, each proven by running a small graph."""
    from edgereg.engines.select import list_providers

    rows = [(row.short, row.name, row.status, row.reason) for row in list_providers()]
    rows += [(name, name, "plugin", "added by a plugin") for name in session.plugins.engines()]
    show_table(("--engine", "provider", "status", "reason"), rows)
