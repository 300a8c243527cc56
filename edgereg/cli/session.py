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

    debug: show tracebacks; without: plugins left out for this call; isolated: those in a process of
    their own. command_of: the plugin whose command it is, if it is not edgereg's own. arguments:
    of the call. noted: whether a note is kept of the plugins that are at work.
    """

    debug: bool = False
    without: list[str] = field(default_factory=list)
    isolated: list[str] = field(default_factory=list)
    command_of: str = ""
    arguments: tuple[str, ...] = ()
    noted: bool = False
    _reported: int = 0

    @property
    def off(self) -> frozenset[str]:
        """Plugins that are not loaded: disabled, or left out for this call."""
        from edgereg.plugins import read_disabled

        return read_disabled() | set(self.without)

    @cached_property
    def plugins(self) -> Plugins:
        """The plugins, loaded on first use."""
        from edgereg.plugins import foreign_plugins, load_plugins

        off = self.off
        if foreign_plugins(off):
            from edgereg.cli.last_words import begin_note, suspects

            for name in suspects():
                warn(
                    f"edgereg ended without a word while plugin '{name}' was at work; leave it out "
                    f"with: edgereg --no-plugin {name}, or for good: edgereg plugin disable {name}"
                )
            begin_note()
            self.noted = True
        if not self.isolated:
            return load_plugins(off)
        from edgereg.isolation.task import isolate

        plugins = load_plugins(off.union(self.isolated))
        plugins.disabled = off
        isolate(plugins, self.isolated)
        return plugins

    def close(self) -> None:
        """The call ends in an orderly way: no plugin is suspected on the next start."""
        if self.noted:
            from edgereg.cli.last_words import end_note

            end_note()

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
            if self.debug:
                show_traceback(fault.traceback)
        self._reported = len(self.plugins.faults)


pass_session = click.make_pass_decorator(Session)


def show_traceback(text: str) -> None:
    """Where something of a plugin was raised, on the error stream."""
    if text:
        click.echo(harmless_lines(text), err=True)


def warn(text: str) -> None:
    """One line on the error stream."""
    click.echo(f"Warning: {harmless(text)}", err=True)
