"""`edgereg app`: the desktop window."""

from __future__ import annotations

from typing import Any

import click
from click.core import ParameterSource

from edgereg.cli.choosing import choice_of, choosing, paced, pacing
from edgereg.cli.session import Session, pass_session
from edgereg.core.errors import EdgeregError


@click.command("app")
@click.argument("source", required=False)
@choosing
@pacing
@click.option(
    "--reload",
    is_flag=True,
    help="Load plugins anew whenever a file of one changes: for who writes one.",
)
@pass_session
def command(session: Session, /, source: str | None, **options: Any) -> int:
    """Open the desktop window.

    SOURCE: a file, a camera index or a URL to play.
    """
    if session.isolated:
        raise EdgeregError("--isolate is for runs; the window loads plugins itself: leave it out")
    from edgereg.app.display import missing_display

    # Before Qt is loaded, which takes seconds.
    if (why := missing_display()) is not None:
        raise EdgeregError(why)
    try:
        from edgereg.app.main import run
    except ImportError as error:
        raise EdgeregError(
            f"the window needs Qt ({error}); install it: pip install 'edgereg[app]', "
            "and see: edgereg doctor"
        ) from error
    from edgereg.app.player.catalogue import check_choice
    from edgereg.cli.reloading import watched_places

    choice = paced(choice_of(options), options)
    check_choice(session.plugins, choice)
    places = watched_places(session.off) if options["reload"] else ()
    return run(source, choice, session.plugins, places, _said(options))


def _said(options: dict[str, Any]) -> frozenset[str]:
    """Names of the options that stand on the command line."""
    source_of = click.get_current_context().get_parameter_source
    return frozenset(name for name in options if source_of(name) is ParameterSource.COMMANDLINE)
