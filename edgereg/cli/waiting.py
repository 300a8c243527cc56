"""Telling the user that something is at work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def at_work(what: str) -> Iterator[None]:
    """Show `what` beside a spinner on the terminal's error stream while the block runs."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(what):
        yield
