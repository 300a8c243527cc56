"""Streams behind an address: rtsp, http, udp and whatever else FFmpeg speaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import av
import av.error

from edgereg.core.arrays import Image
from edgereg.core.errors import SourceError
from edgereg.core.shown import shown
from edgereg.sources.address import dialled
from edgereg.sources.clock import Clock
from edgereg.sources.container import Opening, open_container, reason
from edgereg.sources.decoder import Decoder
from edgereg.sources.deinterlace import Picture
from edgereg.sources.live import LiveSettings, LiveSource
from edgereg.sources.options import SourceOptions
from edgereg.sources.pixels import Pixels
from edgereg.sources.segments import FORMATS, Pace

# What a stream may lead on to: never a file of this machine.
_PROTOCOLS = (
    "crypto,data,ftp,http,httpproxy,https,hls,mmsh,mmst,rtmp,rtmpe,rtmps,rtmpt,rtmpte,rtmpts,rtp,"
    "rtsp,sctp,srt,srtp,tcp,tls,udp,udplite"
)
# Each thread that decodes delays a stream by one frame.
_THREADS = 3


class NetworkCapture:
    """One connection to a stream."""

    def __init__(self, address: str, options: SourceOptions) -> None:
        """Connect. Raises SourceError after `timeout_s` at the latest."""
        self._timeout_s = options.timeout_s
        opening = Opening(
            dialled(address),
            options.max_pixels,
            {
                "protocol_whitelist": _PROTOCOLS,
                "rtsp_flags": "prefer_tcp",
                "reconnect": "1",
                "reconnect_delay_max": str(max(1, int(options.timeout_s / 2))),
            },
            options.timeout_s,
            options.timeout_s,
        )
        self._decoder = Decoder(lambda: open_container(opening), remote=True)
        opened = self._decoder.opened
        opened.stream.codec_context.thread_count = _THREADS
        self.fps = opened.fps
        self._clock = Clock(opened.time_base, opened.fps, jumps=True)
        self._pixels = Pixels()
        in_segments = set(opened.container.format.name.split(",")) & FORMATS
        self._pace = Pace() if in_segments and self.length is None else None
        self._pictures: Iterator[Picture] = self._decoder.from_start()

    @property
    def length(self) -> int | None:
        """About how many frames a recording behind the address has; None: it is a live stream."""
        duration = self._decoder.opened.container.duration
        return max(1, round(duration / av.time_base * self.fps)) if duration else None

    def read(self) -> tuple[Callable[[], Image], float] | None:
        """The next picture and its time; None at the end. Raises SourceError where it is lost."""
        picture = next(self._pictures, None)
        if picture is None:
            if self._decoder.lost is not None:
                why = reason(self._decoder.lost, self._timeout_s).removeprefix("can't be opened: ")
                raise SourceError(f"stopped delivering frames ({why})")
            return None
        time_s = self._clock(picture.pts)
        if self._pace is not None:
            self._pace.wait(time_s)
        return partial(self._pixels.rgb, picture.frame), time_s

    def close(self) -> None:
        """End the connection."""
        self._decoder.close()


def open_url(address: str, options: SourceOptions) -> LiveSource:
    """A stream that FFmpeg knows by its address. Raises SourceError."""
    return LiveSource(
        shown(address),
        lambda: NetworkCapture(address, options),
        LiveSettings(options.timeout_s, options.reconnect_s),
        "check the address and the network",
    )
