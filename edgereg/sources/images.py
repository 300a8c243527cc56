"""Still images: one file, a folder, or a glob, in natural order."""

from __future__ import annotations

import glob
import re
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from edgereg.core.errors import SourceError
from edgereg.core.frames import Frame, SourceInfo
from edgereg.sources.capture import rgb

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".jp2"}
)
FPS = 1.0


class ImageFiles:
    """Image files as frames, one a second.

    A file that can't be decoded is skipped and counted in `warnings`; `index` is a file's place in
    the list, so that a skipped one leaves a gap.
    """

    def __init__(self, paths: Sequence[Path], name: str) -> None:
        """Take files in the given order. Raises SourceError where none is readable."""
        self._paths = list(paths)
        self._name = name
        self._warnings: list[str] = []
        self._lock = threading.Lock()
        self._position = 0
        if not self._paths:
            raise SourceError(f"{name}: no images in it ({', '.join(sorted(SUFFIXES))})")
        first = next(self.frames(), None)
        if first is None:
            raise SourceError(f"{name}: {self._warnings[0].split(': ', 1)[1]}")
        self._warnings.clear()
        self._position = 0
        height, width = first.image.shape[:2]
        self._info = SourceInfo(
            name, width, height, FPS, len(self._paths), seekable=True, live=False, stills=True
        )

    @property
    def info(self) -> SourceInfo:
        """What is known before the first frame."""
        return self._info

    @property
    def warnings(self) -> tuple[str, ...]:
        """Skipped files, one line each."""
        return tuple(self._warnings)

    def frames(self) -> Iterator[Frame]:
        """Frames from the current position to the end."""
        while True:
            with self._lock:
                index, self._position = self._position, self._position + 1
            if index >= len(self._paths):
                return
            frame = self._load(index)
            if frame is not None:
                yield frame

    def seek(self, index: int) -> None:
        """Make `index` the next frame."""
        if not 0 <= index < len(self._paths):
            raise SourceError(f"{self._name}: no image {index}; it has {len(self._paths)}")
        with self._lock:
            self._position = index

    def close(self) -> None:
        """End a running iteration."""
        with self._lock:
            self._position = len(self._paths)

    def _load(self, index: int) -> Frame | None:
        path = self._paths[index]
        try:
            # Not cv2.imread: it can't open paths outside the code page on Windows.
            content = np.frombuffer(path.read_bytes(), np.uint8)
            raw = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
        except (OSError, cv2.error):
            raw = None
        image = None if raw is None else rgb(np.asarray(raw, np.uint8))
        if image is None:
            self._warnings.append(f"{path}: not an image that OpenCV can read")
            return None
        return Frame(index, index / FPS, image, path.name)


def images_in(folder: Path) -> ImageFiles:
    """The images of a folder, in natural order (2 before 10), its sub-folders left out.

    Raises SourceError where there are none, or the folder can't be read.
    """
    try:
        found = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES]
    except OSError as error:
        raise SourceError(f"{folder}: can't be read: {error.strerror}") from error
    return ImageFiles(sorted(found, key=natural_key), str(folder))


def images_matching(pattern: str) -> ImageFiles:
    """The images that match a glob pattern ('**' included), in natural order."""
    found = [Path(name) for name in glob.glob(pattern, recursive=True)]  # noqa: PTH207 - absolute
    files = [path for path in found if path.suffix.lower() in SUFFIXES]
    return ImageFiles(sorted(files, key=natural_key), pattern)


def natural_key(path: Path) -> tuple[str | int, ...]:
    """Sorting key by which 'frame2' comes before 'frame10'."""
    parts = re.split(r"(\d+)", str(path).lower())
    return tuple(int(part) if position % 2 else part for position, part in enumerate(parts))
