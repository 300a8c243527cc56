"""x"""

import click


@click.command("engines")
def command() -> None:
    """x."""
