"""Pictures with their marks as a film: HLS in a folder, or pushed to an RTSP server."""

from __future__ import annotations

import logging
import threading
import time
from fractions import Fraction
from typing import Any, cast

import av
import numpy as np
from av.video.stream import VideoStream

from edgereg.core.errors import EdgeregError, one_line
from edgereg.core.result import FrameResult
from edgereg.core.shown import shown
from edgereg.paint.opencv import paint
from edgereg.serve.delivery.base import Progress
from edgereg.serve.delivery.config import HlsConfig, RtspConfig
from edgereg.serve.delivery.message import Message
from edgereg.serve.film import ENCODER, can_film
from edgereg.serve.live import even, fitted
from edgereg.serve.pulse import Pulse

log = logging.getLogger(__name__)

# Nothing new for so long: the latest picture is sent once more, so that players don't stall.
STILL_S = 1.0
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 15.0
# A server that takes nothing for so long is away.
PATIENCE_S = 10.0
KEY_EVERY_S = 2.0


class Broadcast:
    """Does for pictures what `Delivery` does for messages: the newest goes out, none is kept."""

    def __init__(self, name: str, config: HlsConfig | RtspConfig, hung_s: float = 90.0) -> None:
        """Raises EdgeregError where this PyAV has no encoder."""
        if not can_film():
            raise EdgeregError(f"{config.to} needs a PyAV with {ENCODER}; its wheels have it")
        self.name = name
        self.kind: str = config.to
        self._config = config
        self._hung_s = hung_s
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._channels: dict[str, Channel] = {}

    @property
    def progress(self) -> Progress:
        """Pictures that went out, of all sources."""
        every = list(self._channels.values())
        errors = (each.error for each in every if each.error is not None)
        return Progress(
            sent=sum(each.sent for each in every),
            failures=sum(each.failures for each in every),
            error=next(errors, None),
        )

    @property
    def pulses(self) -> tuple[Pulse, ...]:
        """Of its threads."""
        return tuple(each.pulse for each in list(self._channels.values()))

    @property
    def alive(self) -> bool:
        """Whether its threads are there."""
        return self._stopping.is_set() or all(each.alive for each in list(self._channels.values()))

    def start(self) -> None:
        """Nothing: a source's film begins with its first picture."""

    def offer(self, message: Message) -> None:
        """Take the picture that a frame's message is of, if it is wanted; never waits."""
        wanted = not self._config.sources or message.source in self._config.sources
        if message.result is None or not wanted or self._stopping.is_set():
            return
        with self._lock:
            channel = self._channels.get(message.source)
            if channel is None:
                pulse = Pulse(f"film {self.name} of {message.source}")
                channel = Channel(self._config, message.source, pulse, self._hung_s)
                self._channels[message.source] = channel
        channel.show(message.result)

    def ask_to_stop(self) -> None:
        """Let every film end; `join` waits for it."""
        self._stopping.set()
        for each in list(self._channels.values()):
            each.stop()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; False where it takes longer."""
        deadline = time.monotonic() + timeout_s
        ended = [each.join(deadline - time.monotonic()) for each in list(self._channels.values())]
        return all(ended)


class Channel:
    """The film of one source, in a thread of its own; begun again where it fails."""

    def __init__(
        self, config: HlsConfig | RtspConfig, source: str, pulse: Pulse, hung_s: float
    ) -> None:
        self.pulse = pulse
        self.sent = self.failures = 0
        self.error: str | None = None
        self._config = config
        self._source = source
        self._hung_s = max(hung_s, 3 * PATIENCE_S)
        self._newest: FrameResult | None = None
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name=pulse.name, daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether its thread is there."""
        return self._thread.is_alive()

    def show(self, result: FrameResult) -> None:
        """Take a result in place of the last one."""
        with self._changed:
            self._newest = result
            self._changed.notify()

    def stop(self) -> None:
        """Let it end."""
        with self._changed:
            self._stopping = True
            self._changed.notify()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; False where it takes longer."""
        self._thread.join(max(0.0, timeout_s))
        return not self._thread.is_alive()

    def _work(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._stopping:
            before = self.sent
            try:
                self._film()
            except Exception as error:  # whatever it is, another film begins
                self._fail(error)
            if self.sent > before:
                pause_s = FIRST_PAUSE_S
            with self._changed:
                self._changed.wait_for(lambda: self._stopping, pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _film(self) -> None:
        """Pictures of one size, until the end or until they get another."""
        picture = self._next(None)
        if picture is None:
            return
        image = _image(picture)
        with self.pulse.doing("has been opening its place", self._hung_s):
            out = Out(self._config, self._source, (image.shape[1], image.shape[0]))
        try:
            while image.shape[1::-1] == out.size:
                with self.pulse.doing("has been sending a picture", self._hung_s):
                    out.add(image)
                self.sent, self.error = self.sent + 1, None
                following = self._next(picture)
                if following is None:
                    return
                picture, image = following, _image(following)
        finally:
            with self.pulse.doing("has been ending", self._hung_s):
                out.close()

    def _next(self, before: FrameResult | None) -> FrameResult | None:
        """The newest result, when it is time for one; None: it is time to end."""
        with self._changed:
            if before is not None:
                self._changed.wait_for(lambda: self._stopping, 1 / self._config.fps)
            self._changed.wait_for(
                lambda: self._stopping or self._newest is not before,
                None if before is None else STILL_S,
            )
            return None if self._stopping else self._newest

    def _fail(self, error: Exception) -> None:
        text = shown(one_line(error))
        if text != self.error:
            where = {"source": self._source}
            log.warning("%s: %s", self.pulse.name, text, extra=where)
        self.failures += 1
        self.error = text


class Out:
    """An open film."""

    def __init__(self, config: HlsConfig | RtspConfig, source: str, size: tuple[int, int]) -> None:
        """size: width and height, even. Raises OSError, av.error.FFmpegError."""
        self.size = size
        if isinstance(config, HlsConfig):
            self._container = _hls(config, source)
        else:
            url = config.url.format(source=source)
            options = {"rtsp_transport": "tcp"}
            self._container = av.open(
                url, "w", format="rtsp", options=options, timeout=(PATIENCE_S, PATIENCE_S)
            )
        encoding = {"preset": "superfast", "tune": "zerolatency", "crf": "26"}
        stream = cast(
            VideoStream, self._container.add_stream(ENCODER, round(config.fps), options=encoding)
        )
        context = stream.codec_context
        context.thread_count = 1
        # A segment ends where a key frame comes.
        every_s = config.seconds if isinstance(config, HlsConfig) else KEY_EVERY_S
        context.gop_size, context.max_b_frames = max(1, round(every_s * config.fps)), 0
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.time_base = context.time_base = Fraction(1, 90_000)
        self._stream = stream
        self._began = time.monotonic()
        self._last = -1

    def add(self, image: Any) -> None:
        """Send a picture, uint8 [H, W, 3], with the time that it is now."""
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
        self._last = max(self._last + 1, round(90_000 * (time.monotonic() - self._began)))
        frame.pts, frame.time_base = self._last, Fraction(1, 90_000)
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """End it."""
        try:
            self._container.mux(self._stream.encode(None))
        finally:
            self._container.close()


def _hls(config: HlsConfig, source: str) -> Any:
    """FOLDER/SOURCE/live.m3u8 and its latest segments; those of an earlier process go first."""
    folder = config.folder / source
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("live-*.ts"):
        old.unlink()
    options = {
        "hls_time": f"{config.seconds:g}",
        "hls_list_size": str(config.segments),
        "hls_delete_threshold": "1",
        "hls_flags": "delete_segments+omit_endlist+temp_file",
        # Numbers go on over restarts, so that no player takes a segment for an older one.
        "hls_start_number_source": "epoch",
        "hls_segment_filename": str(folder / "live-%d.ts"),
    }
    return av.open(str(folder / "live.m3u8"), "w", format="hls", options=options)


def _image(result: FrameResult) -> Any:
    """The frame with its marks, with even sides, as the encoder wants them."""
    return even(fitted(paint(result.image, result.marks)))
