"""How a source is to be opened."""

from __future__ import annotations

import re
from dataclasses import dataclass

from edgereg.core.errors import SourceError

# The largest pictures that telephones take have 108 million.
MAX_PIXELS = 128_000_000


@dataclass(frozen=True)
class CameraMode:
    """What a camera is asked for; None leaves it to the camera. code: four letters, as MJPG."""

    width: int | None = None
    height: int | None = None
    fps: float | None = None
    code: str | None = None


@dataclass(frozen=True)
class SourceOptions:
    """timeout_s: the longest wait for opening and for one frame of a camera or stream.

    reconnect_s: how long a stream that stopped is tried again; None: for ever.
    camera: size, rate and format that a camera is asked for.
    max_pixels: of one picture; larger ones are refused before memory is asked for.
    index_ahead: find out in the background where the frames of a file lie, so that its length
    becomes known and the first seek is quick, as a player wants it.
    """

    timeout_s: float = 10.0
    reconnect_s: float | None = None
    camera: CameraMode | None = None
    max_pixels: int = MAX_PIXELS
    index_ahead: bool = False


def camera_mode(text: str) -> CameraMode:
    """A mode from `1280x720`, `@30`, `MJPG` or all: `1280x720@30,MJPG`. Raises SourceError."""
    pattern = r"(?:(\d{1,5})x(\d{1,5}))?(?:@(\d{1,4}(?:\.\d+)?))?(?:,?([A-Za-z][A-Za-z0-9]{3}))?"
    found = re.fullmatch(pattern, text.strip())
    if found is None or not any(found.groups()):
        raise SourceError(
            f"--camera {text}: not a mode; write WIDTHxHEIGHT@RATE,FORMAT, as in "
            "1280x720@30,MJPG, or a part of it"
        )
    width, height, fps, code = found.groups()
    return CameraMode(
        int(width) if width else None,
        int(height) if height else None,
        float(fps) if fps else None,
        code.upper() if code else None,
    )
