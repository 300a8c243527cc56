"""Where the frames of a file lie: which packet each comes from, and where decoding may begin.

A container is read once without decoding. Its packets lie in the order of decoding; in that of
their time stamps they are the frames that the decoder will give. That holds for nearly every
file. Where it can't hold, or was seen not to, `trusted` is False and only the frames that were
decoded from the start are known.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace

import av.error
from av.packet import Packet

from edgereg.sources.clock import Clock
from edgereg.sources.container import Opened, VideoPacket

# Packets in a row that can't be read, before a file counts as ended.
MOST_FAULTS = 10_000
# Their packets are marked as beginnings, though each picture is drawn over the one before.
_DRAWN_OVER = frozenset({"gif", "apng"})
# A packet of MPEG-4 as small as this holds no picture of its own.
_NO_PICTURE = 12


@dataclass(frozen=True)
class Entry:
    """A packet at which decoding may begin, and how to find it again.

    number: its place among the packets of the stream. rank: the first frame whose picture is
    whole when decoding begins here.
    """

    number: int
    rank: int
    pts: int | None
    dts: int | None
    pos: int | None
    size: int

    def is_at(self, packet: VideoPacket) -> bool:
        """Whether this is the packet."""
        if self.pos is not None:
            return (packet.pos, packet.size) == (self.pos, self.size)
        return (packet.pts, packet.dts, packet.size) == (self.pts, self.dts, self.size)


class FrameIndex:
    """order[i]: number of the packet of frame i; times[i]: its seconds from frame 0 on.

    verified: how many frames from the start on have been decoded and found so.
    """

    def __init__(self, clock: Clock) -> None:
        self.order: list[int] = []
        self.times: list[float] = []
        self.entries: list[Entry] = []
        self.trusted = False
        self.verified = 0
        self._clock = clock
        self._keys: dict[int, Entry] = {}
        self._frames: dict[int, int] = {}
        self._mapped = 0

    def frame_at(self, time_s: float, fps: float) -> int:
        """The frame nearest to a time; beyond the frames that are known, `fps` says which."""
        after = bisect_left(self.times, time_s)
        if after == len(self.times):
            last = max(after - 1, 0)
            known_s = self.times[last] if self.times else 0.0
            return last if self.trusted else last + round((time_s - known_s) * fps)
        if after and time_s - self.times[after - 1] <= self.times[after] - time_s:
            return after - 1
        return after

    def time_of(self, frame: int, fps: float) -> float:
        """Seconds from frame 0 on to a frame; beyond the frames that are known, at `fps`."""
        times = self.times
        known = min(frame, len(times) - 1)
        return frame / fps if known < 0 else times[known] + (frame - known) / fps

    def frame_of(self, number: int) -> int | None:
        """The frame that comes from a packet, None where it isn't known."""
        for frame in range(self._mapped, len(self.order)):
            self._frames.setdefault(self.order[frame], frame)
        self._mapped = len(self.order)
        return self._frames.get(number)

    def before(self, frame: int) -> Iterator[Entry]:
        """Entries from which a frame can be decoded: the nearest, then ever earlier ones."""
        last = bisect_right(self.entries, frame, key=lambda entry: entry.rank) - 1
        step = 1
        while last >= 0:
            yield self.entries[last]
            last, step = last - step, step * 2

    def meet(self, frame: int, number: int, pts: int | None) -> bool:
        """Take note that a frame was decoded from a packet; whether that was to be expected.

        What was expected is given up where it proves wrong, and then the frame is not noted unless
        all frames before it were decoded too.
        """
        if frame < len(self.order) and self.order[frame] != number:
            self.distrust()
        if frame == self.verified:
            time_s = self._clock(pts)
            if frame == len(self.order):
                self.order.append(number)
                self.times.append(time_s)
                if number in self._keys:
                    self.entries.append(replace(self._keys[number], rank=frame))
            self.verified += 1
        return frame < len(self.order)

    def distrust(self) -> None:
        """Forget what was expected and not seen."""
        self.trusted = False
        del self.order[self.verified :], self.times[self.verified :]
        self._keys = {entry.number: entry for entry in self.entries}
        self.entries = [entry for entry in self.entries if entry.rank < self.verified]
        self._frames, self._mapped = {}, 0

    def adopt(self, read: FrameIndex) -> None:
        """Take over what was read of the whole file, as far as it agrees with what was seen."""
        read.verified = self.verified
        if read.order[: self.verified] != self.order[: self.verified]:
            read.distrust()
        if read.trusted:
            self.order, self.times, self.entries = read.order, read.times, read.entries
            self.trusted = True
            return
        self._keys = read._keys
        for number in self._keys:
            frame = self.frame_of(number)
            if frame is not None:
                self.entries.append(replace(self._keys[number], rank=frame))


@dataclass(frozen=True)
class _Row:
    """What an index needs of a packet."""

    pts: int | None
    dts: int | None
    pos: int | None
    size: int
    key: bool
    shown: bool
    duration: int


def packets(opened: Opened) -> Iterator[VideoPacket | av.error.FFmpegError]:
    """Packets of the stream in order; the error in place of one that can't be read."""
    faults = 0
    while faults < MOST_FAULTS:
        try:
            for packet in opened.container.demux(opened.stream):
                if packet.size == 0 and packet.pts is None and packet.dts is None:
                    return  # PyAV's sign of the end
                faults = 0
                yield packet
            return
        except av.error.FFmpegError as error:
            faults += 1
            yield error


def read_index(opened: Opened) -> FrameIndex:
    """Read a file that was just opened to its end, without decoding."""
    codec = opened.stream.codec_context.name
    rows = [_row(each, codec) for each in packets(opened) if isinstance(each, Packet)]
    first = next((number for number, row in enumerate(rows) if row.key), 0)
    index = FrameIndex(clock_of(opened))
    runs = list(_runs(rows, first, opened))
    for run in runs:
        _add_run(index, rows, run)
    if codec in _DRAWN_OVER:
        del index.entries[1:]
    clock = clock_of(opened)
    index.times = [clock(rows[number].pts) for number in index.order]
    index.trusted = True
    if not _regular(rows[first:], opened) or not all(rows[run[0]].key for run in runs):
        index.distrust()
    return index


def clock_of(opened: Opened) -> Clock:
    """A clock for the stream, at its start."""
    return Clock(opened.time_base, opened.fps, jumps=opened.jumps)


def _row(packet: VideoPacket, codec: str) -> _Row:
    shown = not packet.is_discard
    if codec == "vp8" and packet.size:
        # Frames that are only referred to, never shown, are packets of their own.
        shown = shown and bool(memoryview(packet)[0] >> 4 & 1)
    pos = packet.pos if packet.pos is not None and packet.pos >= 0 else None
    return _Row(
        packet.pts, packet.dts, pos, packet.size, packet.is_keyframe, shown, packet.duration or 0
    )


def _runs(rows: list[_Row], first: int, opened: Opened) -> Iterator[list[int]]:
    """The packets' numbers from the first on, cut where the clock jumps."""
    seconds = float(opened.time_base)
    run: list[int] = []
    last: int | None = None
    for number in range(first, len(rows)):
        dts = rows[number].dts
        if dts is not None:
            step = 0.0 if last is None else (dts - last) * seconds
            if run and (step < -1.0 or (opened.jumps and step > 10.0)):
                yield run
                run = []
            last = dts
        run.append(number)
    if run:
        yield run


def _add_run(index: FrameIndex, rows: list[_Row], run: list[int]) -> None:
    """Add packets of one run to the order, and its key packets to the entries."""
    stamps = [(rows[number].pts or 0, number) for number in run]
    begin = stamps[0][0]
    ahead = 0 if index.order else sum(pts < begin and rows[n].shown for pts, n in stamps)
    base = len(index.order) - ahead
    visible = 0
    for _, number in sorted(stamps):
        row = rows[number]
        if row.key:
            rank = max(base + visible, 0)
            index.entries.append(Entry(number, rank, row.pts, row.dts, row.pos, row.size))
        if row.shown:
            visible += 1
            if visible > ahead:
                index.order.append(number)


def _regular(rows: list[_Row], opened: Opened) -> bool:
    """Whether every packet has a time stamp of its own, and a frame."""
    if not rows or any(row.pts is None for row in rows):
        return False
    codec = opened.stream.codec_context.name
    if codec == "mpeg4" and min(row.size for row in rows) <= _NO_PICTURE:
        return False
    if opened.format == "mpegts" and codec == "h264":
        # Two fields that are a packet each, of half the duration, make one frame.
        return len({row.duration for row in rows}) == 1
    return True
