"""`edgereg tasks`: what can be run."""

from __future__ import annotations

import click

from edgereg.cli.session import Session, pass_session


@click.command("tasks")
@pass_session
def command(session: Session) -> None:
    """List tasks."""
    for name, task in sorted(session.tasks().items()):
        stands_on = f"on the regions of '{task.upstream}'" if task.upstream else "on whole frames"
        model = f"model {task.model.name}" if task.model else "no model"
        click.echo(f"{name:12} {task.title}; {stands_on}; {model}")
