"""Telling the user that something is at work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def at_work(what: str, refreshes_per_s: float = 12.5) -> Iterator[Callable[[str], None]]:
    """Show `what` beside a spinner on the terminal's error stream while the block runs.

    The block may call what it gets with a new text. Drawing the spinner takes time, too.
    """
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status(what, refresh_per_second=refreshes_per_s) as status:
        yield status.update
