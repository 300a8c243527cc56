"""Animated WebP: its frames drawn one over the other, as the format's specification has it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from edgereg.core.errors import SourceError
from edgereg.core.frames import Frame, SourceInfo
from edgereg.core.shown import shown
from edgereg.sources.container import too_large
from edgereg.sources.declared import declared

# What browsers show a frame for that asks for less than a hundredth of a second.
_LEAST_S = 0.1


def is_animated_webp(start: bytes) -> bool:
    """Whether a file that begins so is WebP with an animation in it."""
    flags = int.from_bytes(start[20:21], "little")
    return start[:4] == b"RIFF" and start[8:16] == b"WEBPVP8X" and bool(flags & 2)


@dataclass(frozen=True)
class _Part:
    """A frame as it is stored: a picture for a part of the canvas."""

    x: int
    y: int
    width: int
    height: int
    duration_s: float
    blend: bool
    clear: bool
    chunks: bytes


class AnimatedWebp:
    """Frames of an animation, each at the time at which it is shown."""

    def __init__(self, path: Path, max_pixels: int) -> None:
        """Read the file. Raises SourceError where no frame of it can be drawn."""
        self._path = path
        self._name = shown(path)
        self._lock = threading.Lock()
        try:
            content = path.read_bytes()
        except OSError as error:
            raise SourceError(f"{self._name}: can't be read: {error.strerror}") from error
        size = declared(content)
        if size is None:
            raise SourceError(f"{self._name}: not an image that edgereg can read")
        if size.width * size.height > max_pixels:
            raise SourceError(f"{self._name}: {too_large(size.width * size.height, max_pixels)}")
        self._canvas = np.zeros((size.height, size.width, 3), np.uint8)
        self._parts = [part for part in _parts(content) if _fits(part, self._canvas)]
        if not self._parts:
            raise SourceError(f"{self._name}: no frame in it can be decoded; the file is damaged")
        ends = np.cumsum([part.duration_s for part in self._parts])
        self._times = [0.0, *ends.tolist()[:-1]]
        self._whole = size.whole
        self._faults: set[int] = set()
        self._position = 0
        self._drawn = 0
        self._info = SourceInfo(
            shown(path.name),
            size.width,
            size.height,
            len(self._parts) / float(ends[-1]),
            len(self._parts),
            seekable=True,
            live=False,
            files=(path,),
        )

    @property
    def info(self) -> SourceInfo:
        """What is known before the first frame."""
        return self._info

    @property
    def warnings(self) -> tuple[str, ...]:
        """A file that was cut off, and frames that can't be decoded."""
        lines = [] if self._whole else [f"{self._name}: truncated; its last frames are missing"]
        if self._faults:
            lines.append(f"{self._name}: {len(self._faults)} frames in it can't be decoded")
        return tuple(lines)

    def frames(self) -> Iterator[Frame]:
        """Frames from the current position to the end."""
        while True:
            with self._lock:
                index, self._position = self._position, self._position + 1
                if index >= len(self._parts):
                    return
                frame = Frame(index, self._times[index], self._draw(index), self._info.name)
            yield frame

    def seek(self, index: int) -> None:
        """Make `index` the next frame."""
        if not 0 <= index < len(self._parts):
            raise SourceError(f"{self._name}: no frame {index}; it has {len(self._parts)}")
        with self._lock:
            self._position = index

    def close(self) -> None:
        """End a running iteration."""
        with self._lock:
            self._position = len(self._parts)

    def _draw(self, index: int) -> npt.NDArray[np.uint8]:
        """The canvas after frame `index`, drawn on from where it stands, or anew."""
        if index < self._drawn:
            self._canvas[:] = 0
            self._drawn = 0
        while self._drawn <= index:
            if self._drawn and (last := self._parts[self._drawn - 1]).clear:
                _window(self._canvas, last)[:] = 0
            part = self._parts[self._drawn]
            picture = _picture(part)
            if picture is None:
                self._faults.add(self._drawn)
            else:
                _put(_window(self._canvas, part), picture, blend=part.blend)
            self._drawn += 1
        image = cv2.cvtColor(self._canvas, cv2.COLOR_BGR2RGB)
        image.flags.writeable = False
        return np.asarray(image, np.uint8)


def _parts(content: bytes) -> Iterator[_Part]:
    """The ANMF chunks."""
    at = 12
    while at + 8 <= len(content):
        name, size = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
        data = content[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
        if name == b"ANMF" and len(data) == size >= 16:
            x, y, width, height, milliseconds = (
                int.from_bytes(data[k : k + 3], "little") for k in range(0, 15, 3)
            )
            duration_s = milliseconds / 1000 if milliseconds > 10 else _LEAST_S
            blend, clear = not data[15] & 2, bool(data[15] & 1)
            yield _Part(2 * x, 2 * y, width + 1, height + 1, duration_s, blend, clear, data[16:])


def _fits(part: _Part, canvas: npt.NDArray[np.uint8]) -> bool:
    height, width = canvas.shape[:2]
    return bool(part.x + part.width <= width and part.y + part.height <= height)


def _window(canvas: npt.NDArray[np.uint8], part: _Part) -> npt.NDArray[np.uint8]:
    return canvas[part.y : part.y + part.height, part.x : part.x + part.width]


def _picture(part: _Part) -> npt.NDArray[np.uint8] | None:
    """The stored picture [height, width, 3 or 4] BGR, decoded as a WebP file of its own."""
    chunks = part.chunks
    if chunks[:4] == b"ALPH":
        sides = b"".join((side - 1).to_bytes(3, "little") for side in (part.width, part.height))
        chunks = b"VP8X\x0a\0\0\0\x10\0\0\0" + sides + chunks
    content = b"RIFF" + (len(chunks) + 4).to_bytes(4, "little") + b"WEBP" + chunks
    size = declared(content)
    if size is None or (size.width, size.height) != (part.width, part.height):
        return None
    try:
        raw = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    return None if raw is None or raw.ndim != 3 else np.asarray(raw, np.uint8)


def _put(window: npt.NDArray[np.uint8], picture: npt.NDArray[np.uint8], *, blend: bool) -> None:
    if picture.shape[2] == 3 or not blend:
        window[:] = picture[..., :3]
        return
    alpha = picture[..., 3:].astype(np.uint16)
    mixed = picture[..., :3] * alpha + window * (255 - alpha)
    window[:] = ((mixed + 127) // 255).astype(np.uint8)
