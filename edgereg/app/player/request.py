"""What the user asks the window to open."""

from __future__ import annotations

from dataclasses import dataclass

from edgereg.assembly import Choice, open_origin
from edgereg.plugins import Plugins
from edgereg.sources.base import Source
from edgereg.sources.options import SourceOptions


@dataclass(frozen=True)
class Request:
    """What to open, and how. realtime: skip frames that come too fast; loop: endlessly."""

    text: str
    realtime: bool = False
    loop: bool = False


def open_request(plugins: Plugins, request: Request) -> Source:
    """Open a source; takes as long as a camera or a network does. Raises SourceError."""
    # How long a recording is, and where its frames lie, is found out while it plays.
    choice = Choice(realtime=request.realtime or None, source=SourceOptions(index_ahead=True))
    return open_origin(plugins, request.text, choice, loop=request.loop)
