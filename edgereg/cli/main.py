"""`edgereg`: finds built-in commands by name and plugins' by hook; ends with 0, 1 or 2."""

from __future__ import annotations

import faulthandler
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module

import click

from edgereg import __version__
from edgereg.builtin import COMMANDS
from edgereg.cli.session import Session
from edgereg.cli.signals import leave, signals_interrupt
from edgereg.core.errors import EdgeregError, one_line
from edgereg.core.files import reason
from edgereg.core.shown import harmless_lines

DONE, FAILED, MISUSED = 0, 1, 2


def _switch_debug(ctx: click.Context, _: click.Parameter, on: bool) -> None:
    if on:
        ctx.ensure_object(Session).debug = True


def _leave_out(ctx: click.Context, _: click.Parameter, names: tuple[str, ...]) -> None:
    ctx.ensure_object(Session).without.extend(names)


def _isolate(ctx: click.Context, _: click.Parameter, names: tuple[str, ...]) -> None:
    ctx.ensure_object(Session).isolated.extend(names)


def _debug_option() -> click.Option:
    return click.Option(
        ["--debug"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_switch_debug,
        help="Show a traceback when something fails.",
    )


class Commands(click.Group):
    """A group that imports a command only when it is needed, and gives each one `--debug`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*COMMANDS, *ctx.ensure_object(Session).plugins.commands()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS:
            command: click.Command | None = import_module(COMMANDS[cmd_name]).command
        else:
            session = ctx.ensure_object(Session)
            command = session.plugins.commands().get(cmd_name)
            session.command_of = session.plugins.foreign("edgereg_commands").get(cmd_name, "")
        if command is not None and "--debug" not in _switches(command):
            command.params.append(_debug_option())
        return command


def _switches(command: click.Command) -> set[str]:
    return {switch for parameter in command.params for switch in parameter.opts}


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="edgereg")
@click.option(
    "--no-plugin",
    multiple=True,
    metavar="NAME",
    is_eager=True,
    expose_value=False,
    callback=_leave_out,
    help="Leave a plugin out for this call (repeatable).",
)
@click.option(
    "--isolate",
    multiple=True,
    metavar="NAME",
    is_eager=True,
    expose_value=False,
    callback=_isolate,
    help="Run a plugin's tasks in a process of its own, which may crash or hang (repeatable).",
)
def edgereg() -> None:
    """Deep visual regression on video: predictions, their densities, and their refinement.

    Try first: edgereg demo
    """


edgereg.params.append(_debug_option())


def main(arguments: Sequence[str] | None = None) -> None:
    """The console command. Exit codes: 0 done, 1 failed, 2 misuse."""
    given = sys.argv[1:] if arguments is None else arguments
    session = Session(arguments=tuple(given))
    _show_crashes()
    with signals_interrupt():
        code = _invoke(session, arguments)
    session.report_faults()
    session.close()
    leave(code)


def _show_crashes() -> None:
    """Let a crash show the lines of Python that led to it. Windows tells of harmless ones, too."""
    if os.name != "nt" and not faulthandler.is_enabled():
        with suppress(AttributeError, OSError, ValueError):  # without a terminal
            faulthandler.enable(sys.stderr)


def _invoke(session: Session, arguments: Sequence[str] | None) -> int:
    try:
        result = edgereg.main(arguments, prog_name="edgereg", obj=session, standalone_mode=False)
    except click.UsageError as error:
        error.show()
        return MISUSED
    except click.ClickException as error:
        error.show()
        return FAILED
    except (click.Abort, KeyboardInterrupt):
        return _failed(session, "interrupted")
    except EdgeregError as error:
        return _failed(session, str(error))
    except ModuleNotFoundError as error:
        from edgereg.cli.extras import missing_module

        return _failed(session, missing_module(error) or _unforeseen(session, error))
    except OSError as error:
        return _failed(session, _refused(error))
    except MemoryError:
        return _failed(session, "there is not enough memory; take less at a time")
    except Exception as error:
        return _failed(session, _unforeseen(session, error))
    return result if isinstance(result, int) else DONE


def _refused(error: OSError) -> str:
    """What the system did not allow: a full disk, a folder that is gone, a missing right."""
    what = reason(error) if error.strerror else one_line(error)
    return what if error.filename is None else f"{error.filename}: {what}"


def _unforeseen(session: Session, error: Exception) -> str:
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    whose = f"plugin '{session.command_of}'" if session.command_of else "edgereg"
    return f"{what} (a fault of {whose}; --debug shows where it happened)"


def _failed(session: Session, message: str) -> int:
    if session.debug:
        traceback.print_exc()
    # Names and other people's texts stand in it: a terminal must not obey them.
    click.echo(harmless_lines(f"Error: {message}"), err=True)
    return FAILED
