"""Progress of a long command on the error stream: bar, share done, time left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

# (done, total, text beside the bar)
Report: TypeAlias = Callable[[int, int, str], None]


@contextmanager
def progress_bar(title: str) -> Iterator[Report]:
    """A bar that is moved by calling what the context gives; plain lines without a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.table import Column

    columns = (
        TextColumn("{task.description}", table_column=Column(no_wrap=True, min_width=len(title))),
        BarColumn(bar_width=12),
        TextColumn("{task.percentage:>3.0f} %", table_column=Column(no_wrap=True, min_width=5)),
        TimeRemainingColumn(compact=True, table_column=Column(no_wrap=True, min_width=7)),
        TextColumn("left {task.fields[note]}", table_column=Column(no_wrap=True, ratio=1)),
    )
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=2) as bar:
        task = bar.add_task(title, total=1, note="")

        def report(done: int, total: int, note: str = "") -> None:
            bar.update(task, completed=done, total=total, note=note)

        yield report
