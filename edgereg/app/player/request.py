"""What the user asks the window to open."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from edgereg.assembly import Choice, open_origin
from edgereg.plugins import Plugins
from edgereg.sources.base import Source
from edgereg.sources.options import SourceOptions


@dataclass(frozen=True)
class Request:
    """What to open: a path, a camera's number or a URL, as a user types it, and how.

    limit: its first frames only, at most so many.
    """

    text: str
    options: SourceOptions = field(default_factory=SourceOptions)
    limit: int | None = None


def open_request(plugins: Plugins, request: Request) -> Source:
    """Open a whole source; takes as long as a camera or a network does. Raises SourceError."""
    # How long a recording is, and where its frames lie, is found out while it plays.
    options = replace(request.options, index_ahead=True)
    return open_origin(plugins, request.text, Choice(source=options))
