"""x"""

import click


@click.command("models")
def command() -> None:
    """x."""
