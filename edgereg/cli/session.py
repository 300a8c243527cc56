"""What all commands of one call share: the plugins, once loaded, and how to speak to the user."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import click

from edgereg.core.shown import harmless, harmless_lines

if TYPE_CHECKING:
    from edgereg.core.tasks import Task
    from edgereg.plugins import Plugins


@dataclass
class Session:
    """State of one call of `edgereg`.

    debug: show tracebacks; without: plugins left out for this call.
    """

    debug: bool = False
    without: list[str] = field(default_factory=list)
    _reported: int = 0

    @cached_property
    def plugins(self) -> Plugins:
        """The plugins, loaded on first use."""
        from edgereg.plugins import load_plugins, read_disabled

        return load_plugins(read_disabled() | set(self.without))

    def tasks(self) -> dict[str, Task]:
        """Tasks by name; faults of plugins are reported on the way."""
        tasks = self.plugins.tasks()
        self.report_faults()
        return tasks

    def report_faults(self) -> None:
        """Write each fault of a loaded plugin to the error stream, once."""
        if "plugins" not in self.__dict__:
            return
        for fault in self.plugins.faults[self._reported :]:
            warn(str(fault))
            if self.debug and fault.traceback:
                click.echo(harmless_lines(fault.traceback), err=True)
        self._reported = len(self.plugins.faults)


pass_session = click.make_pass_decorator(Session)


def warn(text: str) -> None:
    """One line on the error stream."""
    click.echo(f"Warning: {harmless(text)}", err=True)
