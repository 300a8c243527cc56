"""`edgereg app`: the desktop window."""

from __future__ import annotations

import click

from edgereg.cli.session import Session, pass_session
from edgereg.core.errors import EdgeregError


@click.command("app")
@click.argument("source", required=False)
@pass_session
def command(session: Session, source: str | None) -> int:
    """Open the desktop window.

    SOURCE: a file, a camera index or a URL to play.
    """
    if session.isolated:
        raise EdgeregError("--isolate is for runs; the window loads plugins itself: leave it out")
    try:
        from edgereg.app.display import missing_display
        from edgereg.app.main import run
    except ImportError as error:
        raise EdgeregError(
            f"the window needs Qt ({error}); install it: pip install 'edgereg[app]', "
            "and see: edgereg doctor"
        ) from error
    why = missing_display()
    if why is not None:
        raise EdgeregError(why)
    return run(source)
