"""`edgereg engines`: which providers work on this machine."""

from __future__ import annotations

import click

from edgereg.cli.session import Session, pass_session
from edgereg.cli.tables import show_table


@click.command("engines")
@pass_session
def command(session: Session) -> None:
    """List engines.

    Each provider is proven by running a small graph.
    """
    from edgereg.engines.select import list_providers

    proven = [(row.short, row.name, row.status, row.reason) for row in list_providers()]
    added = [(name, name, "plugin", "not tried") for name in session.plugins.engines()]
    rows: list[tuple[str, ...]] = [*proven, *added]
    show_table(("--engine", "provider", "status", "reason"), rows)
