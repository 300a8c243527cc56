"""A source that a player can rely on: it tells its end, and a jump past it is no fault."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgereg.core.errors import SourceError
from edgereg.core.frames import Frame, SourceInfo
from edgereg.sources.base import Source
from edgereg.sources.file import VideoFile


class WatchedSource:
    """Passes a source on and remembers its last frame.

    `last_index` is the index of the frame after which the source ended; None before its end.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self.last_index: int | None = None

    @property
    def info(self) -> SourceInfo:
        """The source's own."""
        return self._source.info

    @property
    def warnings(self) -> Sequence[str]:
        """The source's own."""
        return self._source.warnings

    def frames(self) -> Iterator[Frame]:
        """The source's frames."""
        self.last_index = None
        index = -1
        for frame in self._source.frames():
            index = frame.index
            yield frame
        self.last_index = index

    def frame_at(self, time_s: float) -> int:
        """The frame nearest to a time: a file's rate may vary, that of others does not."""
        if isinstance(self._source, VideoFile):
            return self._source.frame_at(time_s)
        return round(time_s * self._source.info.fps)

    def seek(self, index: int) -> None:
        """Go to `index`, or as near before it as the source can: frame counts are estimates."""
        back = 1
        while True:
            try:
                self._source.seek(index)
            except SourceError:
                if index <= 0:
                    raise
                index = max(index - back, 0)
                back *= 2
            else:
                return

    def close(self) -> None:
        """Close the source."""
        self._source.close()
