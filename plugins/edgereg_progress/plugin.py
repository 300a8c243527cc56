"""What edgereg loads: the task of this plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgereg.api import hookimpl

if TYPE_CHECKING:
    from edgereg.api import Task


@hookimpl
def edgereg_tasks() -> list[Task]:
    """The progress task (imported only when tasks are asked for)."""
    from edgereg_progress.task import Progress

    return [Progress()]
