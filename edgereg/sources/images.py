"""Still images: one file, a folder, or a glob, in natural order."""

from __future__ import annotations

import glob
import os
import re
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from edgereg.core.errors import SourceError
from edgereg.core.files import is_picture_made_here
from edgereg.core.frames import Frame, SourceInfo
from edgereg.core.shown import shown
from edgereg.sources.options import SourceOptions
from edgereg.sources.still import decode_still

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jfif", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".jp2"}
) | {".avif", ".heic", ".heif"}
FPS = 1.0
# A picture's file takes no more bytes than this for each pixel that is allowed.
_BYTES = 8


class ImageFiles:
    """Image files as frames, one a second.

    A file that can't be decoded is skipped and named in `warnings`; `index` is a file's place in
    the list, so that a skipped one leaves a gap. Among others, pictures that edgereg wrote are left
    out of the list.
    """

    def __init__(
        self, paths: Sequence[Path], name: str, options: SourceOptions | None = None
    ) -> None:
        """Take files in the given order. Raises SourceError where none is readable."""
        own = [path for path in paths if is_picture_made_here(path)] if len(paths) > 1 else []
        if len(own) == len(paths):
            own = []  # nothing else is there: they are what is meant
        kept = set(paths).difference(own)
        self._paths = [path for path in paths if path in kept]
        self._name = shown(name)
        self._max_pixels = (options or SourceOptions()).max_pixels
        self._warnings: list[str] = []
        self._lock = threading.Lock()
        self._position = 0
        if not self._paths:
            raise SourceError(f"{self._name}: no images in it ({', '.join(sorted(SUFFIXES))})")
        first = next(self.frames(), None)
        if first is None:
            more = f" (and {len(self._paths) - 1} more)" if len(self._paths) > 1 else ""
            raise SourceError(f"{self._warnings[0]}{more}")
        self._warnings.clear()
        if own:
            self._warnings.append(
                f"{self._name}: skipped {len(own)} pictures that edgereg wrote itself, the first "
                f"is {shown(own[0].name)}"
            )
        self._position = 0
        height, width = first.image.shape[:2]
        self._info = SourceInfo(
            self._name,
            width,
            height,
            FPS,
            len(self._paths),
            seekable=True,
            live=False,
            stills=True,
            files=tuple(self._paths),
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
        name = shown(path)
        try:
            if path.stat().st_size > _BYTES * self._max_pixels:
                raise SourceError(f"{name}: too large a file for a picture; see --max-pixels")
            image, fault = decode_still(path.read_bytes(), name, self._max_pixels)
        except OSError as error:
            self._warnings.append(f"{name}: can't be read: {error.strerror}")
            return None
        except SourceError as error:
            self._warnings.append(str(error))
            return None
        if fault is not None and fault not in self._warnings:
            self._warnings.append(fault)
        return Frame(index, index / FPS, image, shown(path.name), still=True)


def images_in(folder: Path, options: SourceOptions | None = None) -> ImageFiles:
    """The images of a folder, in natural order (2 before 10), its sub-folders left out.

    Raises SourceError where there are none, or the folder can't be read.
    """
    try:
        found = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES]
    except OSError as error:
        raise SourceError(f"{shown(folder)}: can't be read: {error.strerror}") from error
    return ImageFiles(sorted(found, key=natural_key), str(folder), options)


def images_matching(pattern: str, options: SourceOptions | None = None) -> ImageFiles:
    """The images that match a glob pattern ('**' included), in natural order."""
    files = [path for path in matching(pattern) if path.suffix.lower() in SUFFIXES]
    return ImageFiles(sorted(files, key=natural_key), pattern, options)


def matching(pattern: str) -> list[Path]:
    """Files that match a glob pattern; a folder that exists by that very name is no pattern."""
    folder, name = os.path.split(pattern)
    if folder and Path(folder).is_dir():
        pattern = str(Path(glob.escape(folder)) / name)
    return [Path(found) for found in glob.glob(pattern, recursive=True)]  # noqa: PTH207 - absolute


def natural_key(path: Path) -> tuple[str | int, ...]:
    """Sorting key by which 'frame2' comes before 'frame10'."""
    parts = re.split(r"(\d+)", str(path).lower())
    return tuple(int(part) if position % 2 else part for position, part in enumerate(parts))
