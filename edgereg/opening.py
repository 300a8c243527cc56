"""Sources and outputs as the user names them, plugins' kinds included: for commands and window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from edgereg.core.errors import EdgeregError, SinkError, SourceError

if TYPE_CHECKING:
    from edgereg.plugins import Plugins
    from edgereg.sinks.base import Sink
    from edgereg.sources.base import Frame, Source, SourceInfo


@dataclass(frozen=True)
class FirstFrames:
    """The first `limit` frames of a source."""

    source: Source
    limit: int

    @property
    def info(self) -> SourceInfo:
        """The source's, shortened."""
        info = self.source.info
        count = self.limit if info.frame_count is None else min(self.limit, info.frame_count)
        return replace(info, frame_count=count)

    @property
    def warnings(self) -> Sequence[str]:
        """The source's own."""
        return self.source.warnings

    def frames(self) -> Iterator[Frame]:
        """At most `limit` frames."""
        return islice(self.source.frames(), self.limit)

    def seek(self, index: int) -> None:
        """Raises SourceError: a limited source is read once, from the start."""
        raise SourceError(f"a source limited to {self.limit} frames can't be searched")

    def close(self) -> None:
        """Close the source."""
        self.source.close()


def source_of(plugins: Plugins, text: str, *, realtime: bool, limit: int | None) -> Source:
    """What SOURCE names: a plugin's scheme first, then the built-in kinds. Raises SourceError."""
    from edgereg.sources.clips import Clips, clips_of
    from edgereg.sources.open import open_source

    scheme, colon, _ = text.partition(":")
    opener = plugins.sources().get(scheme) if colon else None
    clips = clips_of(text) if opener is None and not realtime else []
    source: Source
    if clips:
        source = Clips(clips, text)
    elif opener is None:
        source = open_source(text, realtime=realtime)
    else:
        try:
            source = opener(text)
        except Exception as error:
            raise SourceError(f"{text}: the plugin for '{scheme}:' failed: {error}") from error
    return source if limit is None else FirstFrames(source, limit)


def sink_of(plugins: Plugins, path: Path, info: SourceInfo) -> Sink:
    """What OUTPUT names by its ending: a plugin's first, then the built-in ones."""
    from edgereg.sinks.open import open_sink

    opener = plugins.sinks().get(path.suffix.lower())
    if opener is None:
        return open_sink(path, info)
    try:
        return opener(path, info)
    except EdgeregError:
        raise
    except Exception as error:
        raise SinkError(f"{path}: the plugin for '{path.suffix}' failed: {error}") from error


def open_sinks(plugins: Plugins, outputs: Sequence[Path], info: SourceInfo) -> list[Sink]:
    """Sinks for all outputs, or none where one of them can't be opened."""
    sinks: list[Sink] = []
    try:
        for output in outputs:
            sinks.append(sink_of(plugins, output, info))
    except Exception:
        for sink in sinks:
            sink.close()
        raise
    return sinks


def want_pictures(plugins: Plugins, outputs: Sequence[Path]) -> bool:
    """Whether an output shows pictures with marks; a plugin's output may."""
    from edgereg.sinks.open import PAINTED

    endings = PAINTED | set(plugins.sinks())
    return any(output.suffix.lower() in endings for output in outputs)


def check_outputs(source: str, outputs: Sequence[Path]) -> None:
    """Raise SinkError where two outputs are one file, or an output would overwrite the source."""
    seen: set[Path] = set()
    for output in outputs:
        place = output.resolve()
        if place == Path(source).resolve():
            raise SinkError(f"{output}: is the source itself; name another output")
        if place in seen:
            raise SinkError(f"{output}: is named twice; name each output once")
        seen.add(place)
