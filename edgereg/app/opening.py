"""What the user names -> a source or a sink, the kinds that plugins add included."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgereg.opening import check_outputs, sink_of, source_of
from edgereg.plugins import Plugins
from edgereg.sinks.base import Sink
from edgereg.sinks.open import open_sink
from edgereg.sources.base import Source, SourceInfo
from edgereg.sources.open import open_source
from edgereg.sources.paced import PacedSource


@dataclass(frozen=True)
class Request:
    """What to open, and how. realtime: skip frames that come too fast; loop: endlessly."""

    text: str
    realtime: bool = False
    loop: bool = False


def open_request(plugins: Plugins | None, request: Request) -> Source:
    """Open a source; takes as long as a camera or a network does. Raises SourceError."""
    if plugins is None:
        source = open_source(request.text)
    else:
        source = source_of(plugins, request.text, realtime=False, limit=None)
    if (request.realtime or request.loop) and not source.info.live:
        return PacedSource(source, loop=request.loop)
    return source


def open_target(plugins: Plugins | None, target: Path, source: str, info: SourceInfo) -> Sink:
    """Open an output. Raises SinkError, also where it would overwrite the source."""
    check_outputs(source, [target])
    return open_sink(target, info) if plugins is None else sink_of(plugins, target, info)
