"""From what a user types to a source."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from edgereg.core.errors import EdgeregError, SourceError, one_line
from edgereg.sources.base import Source, SourceFormat
from edgereg.sources.clips import VIDEOS, clips_of, open_clips
from edgereg.sources.file import VideoFile, exists
from edgereg.sources.images import SUFFIXES, ImageFiles, images_in, images_matching
from edgereg.sources.live import open_camera, open_gstreamer, open_url
from edgereg.sources.options import SourceOptions
from edgereg.sources.paced import PacedSource


def _is_there(text: str) -> bool:
    return exists(Path(text))


def _is_pattern(text: str) -> bool:
    return any(mark in text for mark in "*?[") and not _is_there(text)


# In this order, each text goes to the first that takes it.
FORMATS: tuple[SourceFormat, ...] = (
    SourceFormat(
        "gstreamer",
        "a GStreamer string with '!'",
        lambda text: "!" in text and not _is_there(text),
        lambda text, options: open_gstreamer(text, options.timeout_s),
    ),
    SourceFormat(
        "url",
        "a stream's address (rtsp, http, ...)",
        lambda text: re.match(r"^[a-zA-Z][a-zA-Z0-9+.-]+://", text) is not None,
        lambda text, options: open_url(text, options.timeout_s),
    ),
    SourceFormat(
        "camera",
        "a camera's number",
        lambda text: text.isdecimal() and not _is_there(text),
        lambda text, options: open_camera(int(text), options.timeout_s),
    ),
    SourceFormat(
        "clips",
        "a folder or glob of videos",
        lambda text: bool(clips_of(text)),
        lambda text, options: open_clips(text),
    ),
    SourceFormat(
        "folder",
        "a folder of images",
        lambda text: Path(text).is_dir() if _is_there(text) else False,
        lambda text, options: images_in(Path(text)),
    ),
    SourceFormat(
        "glob",
        "a glob of images",
        _is_pattern,
        lambda text, options: images_matching(text),
    ),
    SourceFormat(
        "image",
        "an image",
        lambda text: Path(text).suffix.lower() in SUFFIXES and _is_there(text),
        lambda text, options: ImageFiles([Path(text)], text),
        tuple(sorted(SUFFIXES)),
    ),
    SourceFormat(
        "video",
        "a video file",
        lambda text: True,
        lambda text, options: VideoFile(Path(text), options),
        tuple(sorted(VIDEOS)),
    ),
)


def open_source(
    text: str | Path,
    options: SourceOptions | None = None,
    *,
    realtime: bool = False,
    loop: bool = False,
    formats: Sequence[SourceFormat] = FORMATS,
) -> Source:
    """Open what a user names, with the first of `formats` that takes it.

    realtime: pace a file like a camera (frames that nobody fetches in time are lost); loop: and
    start again at its end (implies realtime). Raises SourceError, one line.
    """
    text = str(text).strip()
    if not text:
        raise SourceError("no source given; name a file, a folder, a camera index or a URL")
    chosen = next(each for each in (*formats, *FORMATS) if each.takes(text))
    try:
        source = chosen.open(text, options or SourceOptions())
    except EdgeregError:
        raise
    except Exception as error:  # a plugin may raise anything
        raise SourceError(f"{text}: '{chosen.name}' can't open it: {one_line(error)}") from error
    if (realtime or loop) and not source.info.live:
        return PacedSource(source, loop=loop)
    return source
