"""Annotated pictures: one, or a numbered file for each frame."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from zlib import crc32

import cv2

from edgereg.core.errors import SinkError
from edgereg.core.files import MADE_BY, reason, replace_file
from edgereg.core.frames import SourceInfo
from edgereg.core.result import FrameResult
from edgereg.sinks.space import ensure_space

NUMBER = re.compile(r"%0?\d*d")
QUALITY = {".jpg": [cv2.IMWRITE_JPEG_QUALITY, 95], ".jpeg": [cv2.IMWRITE_JPEG_QUALITY, 95]}


class PictureSink:
    """The pictures of the results as files, each whole at once.

    `out/%06d.png` gets the number of each frame, from 0; a name without a number takes the one
    picture of a still image.
    """

    def __init__(self, path: Path, info: SourceInfo) -> None:
        """Raises SinkError where the folder can't be made, or the name has no room for numbers."""
        self._path = path
        self._numbered = NUMBER.search(path.name) is not None
        self._closed = False
        if not self._numbered and (info.live or info.frame_count != 1):
            raise SinkError(
                f"{path}: takes one picture, and the source has more; name the files "
                f"{path.stem}-%06d{path.suffix}"
            )
        if path.is_dir():
            raise SinkError(f"{path}: is a folder; name the files, as in {path / '%06d.png'}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SinkError(f"{path}: can't be written: {reason(error)}") from error

    def write(self, result: FrameResult) -> None:
        """Write the frame's picture (its plain image where nothing was painted)."""
        if self._closed:
            raise SinkError(f"{self._path}: is closed")
        picture = result.image if result.picture is None else result.picture
        path = place_of(self._path, result.index) if self._numbered else self._path
        ensure_space(path)
        ending = path.suffix.lower()
        bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
        try:
            _, data = cv2.imencode(ending, bgr, QUALITY.get(ending, []))
            replace_file(path, with_comment(data.tobytes()), sync=False)
        except cv2.error as error:
            raise SinkError(f"{path}: OpenCV can't encode the picture: {error.err}") from error
        except OSError as error:
            raise SinkError(f"{path}: can't be written: {reason(error)}") from error

    def close(self) -> None:
        """Nothing is left to finish."""
        self._closed = True


def with_comment(picture: bytes) -> bytes:
    """An encoded PNG or JPEG with `MADE_BY` as its comment; any other picture as it is."""
    if picture.startswith(b"\x89PNG"):
        content = b"tEXtComment\0" + MADE_BY.encode()
        chunk = struct.pack(">I", len(content) - 4) + content + struct.pack(">I", crc32(content))
        at = 8 + 25  # the signature, and the header's chunk
    elif picture.startswith(b"\xff\xd8\xff\xe0"):
        chunk = b"\xff\xfe" + struct.pack(">H", len(MADE_BY) + 2) + MADE_BY.encode()
        at = 4 + int.from_bytes(picture[4:6], "big")  # behind JFIF's own segment
    else:
        return picture
    return picture[:at] + chunk + picture[at:]


def matches(pattern: Path, path: Path) -> bool:
    """Whether a path is one of a pattern's files, for some number."""
    before, *after = NUMBER.split(pattern.name)
    name = f"{re.escape(before)}{''.join(f'[0-9]+{re.escape(part)}' for part in after)}"
    return pattern.parent.resolve() == path.parent.resolve() and bool(
        re.fullmatch(name, path.name, re.IGNORECASE)
    )


def place_of(pattern: Path, index: int) -> Path:
    """The file of a frame."""
    return pattern.with_name(NUMBER.sub(lambda found: found.group() % index, pattern.name, count=1))
