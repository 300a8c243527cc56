"""The live picture as H.264 in fragmented MP4: encoded once for all, while somebody watches."""

from __future__ import annotations

import asyncio
import io
import logging
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import av
import numpy as np
from av.video.stream import VideoStream

from edgereg.core.arrays import Image
from edgereg.core.errors import one_line
from edgereg.core.shown import shown
from edgereg.paint.opencv import paint
from edgereg.serve.live import Live, even, fitted

log = logging.getLogger(__name__)

RATE = 15
# A key frame a second, so that who comes later waits for one no longer than that.
KEY_EVERY = 15
# Fragments that a client may be behind, two seconds; who is slower begins at a key frame anew.
MOST_WAITING = 2 * RATE
# Nothing new for so long: the latest picture is sent once more, so that players don't stall.
STILL_S = 1.0
LOOK_S = 0.01
ENCODER = "libx264"
_OPTIONS = {"preset": "superfast", "tune": "zerolatency", "crf": "28"}


@dataclass(frozen=True)
class Fragment:
    """One picture as an MP4 fragment; key: a player may begin with it."""

    content: bytes
    key: bool


def can_film() -> bool:
    """Whether this PyAV has the encoder; its own wheels do, a system's may not."""
    try:
        return av.codec.Codec(ENCODER, "w") is not None
    except av.codec.codec.UnknownCodecError:
        return False


class Encoder:
    """Pictures of one size into an initial segment and fragments."""

    def __init__(self, width: int, height: int) -> None:
        self._out = io.BytesIO()
        flags = {"movflags": "empty_moov+default_base_moof+frag_every_frame"}
        self._container = av.open(self._out, "w", format="mp4", options=flags)
        self._stream = self._open(width, height)
        self._key = True
        self._began = time.monotonic()
        self._last = -1
        self._container.start_encoding()
        self.size = (width, height)
        self.initial = self._written()

    def _open(self, width: int, height: int) -> VideoStream:
        stream = cast(VideoStream, self._container.add_stream(ENCODER, RATE, options=_OPTIONS))
        context = stream.codec_context
        # Parameters stand in the initial segment, which is written before the first picture.
        context.flags |= av.codec.context.Flags.global_header
        context.thread_count = 1
        context.gop_size, context.max_b_frames = KEY_EVERY, 0
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = context.time_base = Fraction(1, 1000)
        return stream

    def add(self, image: Image) -> list[Fragment]:
        """Encode a picture [H, W, 3]; returns what is ready, one picture behind."""
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
        self._last = max(self._last + 1, round(1000 * (time.monotonic() - self._began)))
        frame.pts, frame.time_base = self._last, Fraction(1, 1000)
        ready = []
        for packet in self._stream.encode(frame):
            self._container.mux(packet)
            content = self._written()
            if content:
                ready.append(Fragment(content, self._key))
            self._key = packet.is_keyframe
        return ready

    def _written(self) -> bytes:
        """What the container wrote since the last call."""
        content = self._out.getvalue()
        self._out.seek(0)
        self._out.truncate()
        return content


class Film:
    """What is being watched of one source; a thread encodes while there are clients."""

    def __init__(self, name: str, live: Live) -> None:
        self._name = name
        self._live = live
        self._lock = threading.Lock()
        self._clients: set[Client] = set()
        self._encoding = False

    def of(self, live: Live) -> bool:
        """Whether it is of these results."""
        return self._live is live

    async def watched(self) -> AsyncIterator[bytes]:
        """The initial segment, then fragments from a key frame on, until the encoder ends."""
        client = Client(asyncio.get_running_loop())
        with self._lock:
            self._clients.add(client)
            first, self._encoding = not self._encoding, True
        if first:
            threading.Thread(target=self._encode, name=f"film {self._name}", daemon=True).start()
        try:
            async for part in client.content():
                yield part
        finally:
            with self._lock:
                self._clients.discard(client)

    def _encode(self) -> None:
        try:
            self._encode_while_watched()
        except Exception as error:  # an encoder's fault ends the film, not the source
            log.warning("source '%s': live.mp4: %s", self._name, shown(one_line(error)))
            with self._lock:
                self._encoding = False
                for client in self._clients:
                    client.end()

    def _encode_while_watched(self) -> None:
        encoder: Encoder | None = None
        number, sent = 0, 0.0
        while clients := self._present():
            latest, now = self._live.latest, time.monotonic()
            if latest is None or (latest.number == number and now - sent < STILL_S):
                time.sleep(LOOK_S)
                continue
            number, sent = latest.number, now
            image = even(fitted(paint(latest.result.image, latest.result.marks)))
            size = (image.shape[1], image.shape[0])
            if encoder is None or encoder.size != size:
                encoder = Encoder(*size)
            fragments = encoder.add(image)
            for client in clients:
                client.offer(encoder.initial, fragments)
            time.sleep(max(0.0, 1 / RATE - (time.monotonic() - now)))

    def _present(self) -> list[Client]:
        """Who watches; where nobody does any more, the encoder's thread ends."""
        with self._lock:
            self._encoding = bool(self._clients)
            return list(self._clients)


class Client:
    """One who watches; bounded, so that it costs nothing to be slow."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._woken = asyncio.Event()
        self._waiting: deque[bytes] = deque()
        self._initial: bytes | None = None
        self._behind = True
        self._over = False

    def offer(self, initial: bytes, fragments: list[Fragment]) -> None:
        """Take what was encoded; any thread may call."""
        self._call(self._take, initial, fragments)

    def end(self) -> None:
        """There is nothing more; any thread may call."""
        self._call(self._end)

    def _call(self, what: Callable[..., None], *given: object) -> None:
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(what, *given)

    def _take(self, initial: bytes, fragments: list[Fragment]) -> None:
        self._initial = self._initial or initial
        if initial is not self._initial:  # a picture of another size: players begin anew
            self._end()
            return
        for each in fragments:
            if len(self._waiting) >= MOST_WAITING:
                self._waiting.clear()
                self._behind = True
            if each.key or not self._behind:
                self._behind = False
                self._waiting.append(each.content)
        self._woken.set()

    def _end(self) -> None:
        self._over = True
        self._woken.set()

    async def content(self) -> AsyncIterator[bytes]:
        """The initial segment, then fragments; ends where the encoder does."""
        begun = False
        while True:
            if self._initial is not None and not begun:
                begun = True
                yield self._initial
            while self._waiting:
                yield self._waiting.popleft()
            if self._over:
                return
            self._woken.clear()
            await self._woken.wait()
