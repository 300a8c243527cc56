"""Small pictures of a video file's key frames, quickly: what a slider shows while it is dragged."""

from __future__ import annotations

import av.error
import numpy as np
import numpy.typing as npt
from av.packet import Packet

from edgereg.core.errors import SourceError
from edgereg.sources.container import Opened, VideoPacket
from edgereg.sources.file import VideoFile
from edgereg.sources.index import Entry, packets
from edgereg.sources.pixels import Pixels


class Glances:
    """Key frames of a file, each decoded by itself and made small.

    It has a decoder of its own, so that the file is read on meanwhile. One thread asks and closes.
    """

    def __init__(self, file: VideoFile, longest: int) -> None:
        """longest: pixels of the longer side of a picture."""
        self._file = file
        self._longest = longest
        self._pixels = Pixels()
        self._opened: Opened | None = None
        self._latest: tuple[Entry, npt.NDArray[np.uint8]] | None = None

    def near(self, index: int) -> tuple[int, npt.NDArray[np.uint8]] | None:
        """The last key frame up to frame `index`: its own index, and its picture [h, w, 3] RGB.

        None where the file's frames aren't known yet, or its key frame can't be decoded.
        """
        entry = self._file.entry_before(index)
        if entry is None:
            return None
        if self._latest is None or self._latest[0] != entry:
            picture = self._decoded(entry)
            if picture is None:
                return None
            self._latest = entry, picture
        return entry.rank, self._latest[1]

    def close(self) -> None:
        """Release the file."""
        if self._opened is not None:
            self._opened.close()

    def _decoded(self, entry: Entry) -> npt.NDArray[np.uint8] | None:
        stamps = [stamp for stamp in (entry.pts, entry.dts) if stamp is not None]
        if not stamps:
            return None
        try:
            if self._opened is None:
                self._opened = self._file.open_again()
                # By frames, a decoder would keep the first ones for itself.
                self._opened.stream.codec_context.thread_type = "SLICE"
            self._opened.container.seek(min(stamps), stream=self._opened.stream)
            for packet in packets(self._opened):
                if isinstance(packet, Packet) and entry.is_at(packet):
                    return self._picture(self._opened, packet)
        except (av.error.FFmpegError, SourceError):
            return None
        return None

    def _picture(self, opened: Opened, packet: VideoPacket) -> npt.NDArray[np.uint8] | None:
        context = opened.stream.codec_context
        context.flush_buffers()
        frames = [*context.decode(packet), *context.decode(None)]
        if not frames:
            return None
        return self._pixels.rgb(frames[0], longest=self._longest)
