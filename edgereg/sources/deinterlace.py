"""Interlaced pictures -> whole ones, by FFmpeg's bwdif; as many, at the same times."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from av import VideoFrame
from av.error import BlockingIOError, EOFError, FFmpegError
from av.filter import Graph


@dataclass(frozen=True)
class Picture:
    """A decoded picture: the number of the packet that it comes from, and its time stamp.

    pts: in units of the stream's time base; None where the container has none. interlaced: its
    rows were recorded at two moments, every other one at each.
    """

    number: int
    pts: int | None
    frame: VideoFrame
    interlaced: bool
    damaged: bool


def deinterlaced(pictures: Iterable[Picture]) -> Iterator[Picture]:
    """Pictures with the interlaced ones made whole; the others are passed on as they are.

    A picture is made of itself and its two neighbours, so that it comes out the same wherever
    reading began, if only its neighbour before was read. The filter starts with the first
    interlaced picture and delays by one.
    """
    before: Picture | None = None
    fields: _Fields | None = None
    for picture in pictures:
        if fields is not None and not fields.takes(picture):
            yield from fields.finish()
            fields = None
        if fields is None:
            if not picture.interlaced:
                before = picture
                yield picture
                continue
            try:
                fields = _Fields(picture)
            except FFmpegError:  # of a format that the filter doesn't know: as it was recorded
                yield picture
                continue
            if before is not None and fields.takes(before):
                fields.begin_after(before)
        yield from fields.push(picture)
        before = None
    if fields is not None:
        yield from fields.finish()


# The filter's time stamps are not used: pictures keep those of their packets.
_ANY_BASE = Fraction(1, 1000)


class _Fields:
    """The filter, for pictures of one size and format."""

    def __init__(self, like: Picture) -> None:
        frame = like.frame
        self._shape = (frame.width, frame.height, frame.format.name)
        self._graph = Graph()
        source = self._graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=_ANY_BASE
        )
        bwdif = self._graph.add("bwdif", "mode=send_frame:deint=interlaced")
        sink = self._graph.add("buffersink")
        source.link_to(bwdif)
        bwdif.link_to(sink)
        self._graph.configure()
        self._waiting: deque[Picture | None] = deque()

    def takes(self, picture: Picture) -> bool:
        """Whether the picture is of the size and format that the filter was made for."""
        frame = picture.frame
        return (frame.width, frame.height, frame.format.name) == self._shape

    def begin_after(self, before: Picture) -> None:
        """Give the picture before the first one, which has been passed on already."""
        self._waiting.append(None)
        self._graph.vpush(before.frame)

    def push(self, picture: Picture) -> Iterator[Picture]:
        """Take a picture; yields those that are done."""
        self._waiting.append(picture)
        self._graph.vpush(picture.frame)
        yield from self._done()

    def finish(self) -> Iterator[Picture]:
        """The last picture."""
        self._graph.vpush(None)
        yield from self._done()

    def _done(self) -> Iterator[Picture]:
        while self._waiting:
            try:
                frame = self._graph.vpull()
            except (BlockingIOError, EOFError):
                return
            picture = self._waiting.popleft()
            if picture is not None:
                yield replace(picture, frame=frame)
