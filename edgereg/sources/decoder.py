"""Decoded pictures of a container's video stream, from its start or from any entry of an index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

import av.error
from av.packet import Packet

from edgereg.sources.container import Opened, VideoPacket
from edgereg.sources.deinterlace import Picture, deinterlaced
from edgereg.sources.index import Entry, FrameIndex, packets

# A packet that is not where the index has it is not looked for over more packets than this.
_FAR = 100_000
# After so many packets without a key packet, decoding begins with the first one.
_WITHOUT_KEY = 1000
# Bytes that are read before an entry: its first bytes may stand in a packet with others.
_SLACK = 1 << 16
# Smaller pictures are not deinterlaced: the filter refuses them.
_SMALLEST = 4


class Decoder:
    """Pictures in the order in which they are shown, whole ones of interlaced material.

    A recording may begin in the middle of a group of pictures: its first picture is the first one
    that needs none before. `faults` counts the packets that can't be read or decoded.
    """

    def __init__(self, open_again: Callable[[], Opened], *, remote: bool = False) -> None:
        """`open_again` opens the file; decoding from the start opens it anew each time.

        remote: a connection, that ends with its first error. The error is then in `lost`.
        """
        self._open_again = open_again
        self._remote = remote
        self.lost: Exception | None = None
        self.opened = open_again()
        self.faults = 0
        self._fresh = True

    def from_start(self) -> Iterator[Picture]:
        """All pictures of the file."""
        if not self._fresh:
            self.opened.close()
            self.opened = self._open_again()
        self._fresh = False
        yield from deinterlaced(self._first_whole())

    def from_entry(self, entry: Entry, index: FrameIndex) -> Iterator[Picture]:
        """Pictures from the first whole one on, where decoding begins at an entry.

        None at all where the entry isn't found again.
        """
        self._fresh = False
        return deinterlaced(
            picture
            for picture in self._decode(self._seek(entry))
            if (index.frame_of(picture.number) or 0) >= entry.rank
        )

    def close(self) -> None:
        """Release the file."""
        self.opened.close()

    def _first_whole(self) -> Iterator[Picture]:
        """Decode from the first key packet; what is shown before it lacks what it refers to."""
        numbered = self._numbered(packets(self.opened), 0)
        begin: int | None = None
        first: list[tuple[int, VideoPacket]] = []
        for number, packet in numbered:
            first.append((number, packet))
            if packet.is_keyframe:
                begin = packet.pts
                first = first[-1:]
                break
            if len(first) == _WITHOUT_KEY:
                break
        for picture in self._decode(chain(first, numbered)):
            if begin is None or picture.pts is None or picture.pts >= begin:
                begin = None if picture.pts == begin else begin
                yield picture

    def _seek(self, entry: Entry) -> Iterator[tuple[int, VideoPacket]]:
        """Packets from an entry on, with their numbers; none where it isn't found again."""
        container, stream = self.opened.container, self.opened.stream
        try:
            stamps = [stamp for stamp in (entry.pts, entry.dts) if stamp is not None]
            if entry.pos is not None and (self.opened.jumps or not stamps):
                container.seek(
                    max(entry.pos - _SLACK, 0), unsupported_byte_offset=True, stream=stream
                )
            elif stamps:
                container.seek(min(stamps), stream=stream)
        except av.error.FFmpegError:
            return
        following = packets(self.opened)
        for count, packet in enumerate(following):
            if not isinstance(packet, Packet):
                continue
            if entry.is_at(packet):
                yield entry.number, packet
                yield from self._numbered(following, entry.number + 1)
                return
            passed = entry.pos is not None and packet.pos is not None and packet.pos > entry.pos
            if passed or count > _FAR:
                return

    def _numbered(
        self, following: Iterator[VideoPacket | av.error.FFmpegError], first: int
    ) -> Iterator[tuple[int, VideoPacket]]:
        number = first
        for packet in following:
            if isinstance(packet, Packet):
                yield number, packet
                number += 1
                continue
            self.faults += 1
            if self._remote and not isinstance(packet, av.error.InvalidDataError):
                self.lost = packet
                return

    def _decode(self, numbered: Iterator[tuple[int, VideoPacket]]) -> Iterator[Picture]:
        context = self.opened.stream.codec_context
        context.flush_buffers()
        stamps: dict[int, int | None] = {}
        for number, packet in numbered:
            # A decoder carries a packet's time stamp to the frame that it makes of it.
            stamps[number] = packet.pts
            packet.pts = packet.dts = number
            yield from self._pictures(packet, stamps)
        yield from self._pictures(None, stamps)

    def _pictures(
        self, packet: VideoPacket | None, stamps: dict[int, int | None]
    ) -> Iterator[Picture]:
        """What the decoder gives for a packet, or for the end."""
        try:
            frames = self.opened.stream.codec_context.decode(packet)
        except av.error.FFmpegError:
            self.faults += 1
            return
        for frame in frames:
            number = -1 if frame.pts is None else frame.pts
            interlaced = frame.interlaced_frame and min(frame.width, frame.height) >= _SMALLEST
            yield Picture(number, stamps.pop(number, None), frame, interlaced, frame.is_corrupt)
