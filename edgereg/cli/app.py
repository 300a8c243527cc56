"""x"""

import click


@click.command("app")
def command() -> None:
    """x."""
