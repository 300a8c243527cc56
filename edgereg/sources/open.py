"""From what a user types to a source."""

from __future__ import annotations

import re
from pathlib import Path

from edgereg.core.errors import SourceError
from edgereg.sources.base import Source
from edgereg.sources.file import VideoFile, exists
from edgereg.sources.images import SUFFIXES, ImageFiles, images_in, images_matching
from edgereg.sources.live import open_camera, open_gstreamer, open_url
from edgereg.sources.paced import PacedSource


def open_source(
    text: str | Path, *, timeout_s: float = 10.0, realtime: bool = False, loop: bool = False
) -> Source:
    """Open a video file, an image, a folder or glob of images, a camera, a URL or GStreamer string.

    timeout_s: how long a camera or URL may take to open or to deliver a frame.
    realtime: pace a file like a camera (frames that nobody fetches in time are lost); loop: and
    start again at its end (implies realtime). Raises SourceError, one line.
    """
    source = _open(str(text).strip(), timeout_s)
    if (realtime or loop) and not source.info.live:
        return PacedSource(source, loop=loop)
    return source


def _open(text: str, timeout_s: float) -> Source:
    if not text:
        raise SourceError("no source given; name a file, a folder, a camera index or a URL")
    path = Path(text)
    there = exists(path)
    if "!" in text and not there:
        return open_gstreamer(text, timeout_s)
    if re.match(r"^[a-zA-Z][a-zA-Z0-9+.-]+://", text):
        return open_url(text, timeout_s)
    if text.isdecimal() and not there:
        return open_camera(int(text), timeout_s)
    if there and path.is_dir():
        return images_in(path)
    if any(mark in text for mark in "*?[") and not there:
        return images_matching(text)
    if path.suffix.lower() in SUFFIXES and there and path.is_file():
        return ImageFiles([path], str(path))
    return VideoFile(path)
