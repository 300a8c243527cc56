"""A source that a player can rely on: it tells its end, and a jump past it is no fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from edgereg.core.errors import SourceError
from edgereg.core.frames import Frame, SourceInfo
from edgereg.sources.base import Source
from edgereg.sources.file import VideoFile
from edgereg.sources.glance import Glances

# Pixels of the longer side of a picture that is shown while the frame itself is on its way.
_GLANCE = 720
# In the place of the last index: the source ended without a frame.
NOTHING = -1


class WatchedSource:
    """Passes a source on and remembers its last frame.

    `last_index` is the index of the frame after which the source ended, NOTHING where it ended
    without any; None before its end.
    """

    def __init__(
        self, source: Source, admits: Callable[[float], bool], limit: int | None = None
    ) -> None:
        """admits: tells by its time whether a frame is wanted; may wait. limit: the first frames
        only."""
        self._source = source
        self._admits = admits
        self._limit = limit
        self._sought = 0
        self.last_index: int | None = None

    @property
    def info(self) -> SourceInfo:
        """The source's own, but for its length where that is limited."""
        info = self._source.info
        if self._limit is None or info.frame_count is None:
            return info
        return replace(info, frame_count=min(info.frame_count, self._limit))

    @property
    def warnings(self) -> Sequence[str]:
        """The source's own."""
        return self._source.warnings

    def frames(self) -> Iterator[Frame]:
        """The source's frames, without those that are late; the last one always comes, also after a
        jump past the end."""
        self.last_index = None
        index, before = NOTHING, None
        for frame in self._source.frames():
            if self._limit is not None and frame.index >= self._limit:
                break
            index = frame.index
            if index < self._sought:
                before = frame
                continue
            # A source that is looped begins again at 0.
            self._sought, before = 0, frame
            if self._admits(frame.time_s):
                before = None
                yield frame
        if before is not None:
            yield before
        self.last_index = index

    def frame_at(self, time_s: float) -> int:
        """The frame nearest to a time: a file's rate may vary, that of others does not."""
        if isinstance(self._source, VideoFile):
            return self._source.frame_at(time_s)
        return round(time_s * self._source.info.fps)

    def time_of(self, index: int) -> float:
        """The time of a frame in seconds, and of the index after the last: that of the end."""
        if isinstance(self._source, VideoFile):
            return self._source.time_of(index)
        return index / self._source.info.fps

    def glances(self) -> Glances | None:
        """Small pictures to show during a drag; None where this kind of source has none."""
        return Glances(self._source, _GLANCE) if isinstance(self._source, VideoFile) else None

    def seek(self, index: int) -> None:
        """Go to `index`, or to the last frame where there is none: frame counts are estimates."""
        self.last_index = None
        index = index if self._limit is None else min(index, self._limit - 1)
        self._sought, back = index, 1
        while True:
            try:
                self._source.seek(index)
            except SourceError:
                if index <= 0:
                    raise
                # The source may know by now how many frames there are.
                count = self._source.info.frame_count or index
                index = max(min(index - back, count - 1), 0)
                back *= 2
            else:
                return

    def close(self) -> None:
        """Close the source."""
        self._source.close()
