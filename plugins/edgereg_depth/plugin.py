"""What edgereg loads: the task of this plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgereg.api import hookimpl

if TYPE_CHECKING:
    from edgereg.api import Task


@hookimpl
def edgereg_tasks() -> list[Task]:
    """The depth task (imported only when tasks are asked for)."""
    from edgereg_depth.task import Depth

    return [Depth()]
