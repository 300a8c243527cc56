"""`edgereg recover`: files out of what a run that was cut off has left."""

from __future__ import annotations

from pathlib import Path

import click

from edgereg.cli.session import Session, pass_session
from edgereg.core.errors import SinkError
from edgereg.core.shown import shown


@click.command("recover")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@pass_session
def command(session: Session, paths: tuple[Path, ...]) -> int:
    """Make files of what a run that was cut off has left.

    PATHS: outputs as they were named for `edgereg run`, or folders that hold some. The next run of
    the same output does the same.
    """
    from edgereg.sinks.open import format_of
    from edgereg.sinks.recovery import left_behind, places_in, recover

    formats = session.plugins.sinks()
    count = 0
    for path in paths:
        places = places_in(path) if path.is_dir() else [path]
        for place in places:
            if left_behind(place) is None:
                raise SinkError(f"{place}: nothing was left behind of it; there is nothing to do")
            found = recover(place, format_of(place, formats))
            if found is not None:
                count += 1
                click.echo(f"{shown(found)}: recovered")
    if not count:
        click.echo("Nothing to recover.")
    return 0
