"""From what a user types to a source."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from edgereg.core.errors import EdgeregError, SourceError, one_line
from edgereg.core.shown import SCHEME, shown
from edgereg.sources.base import Source, SourceFormat
from edgereg.sources.camera import open_camera, open_gstreamer
from edgereg.sources.clips import VIDEOS, clips_of, open_clips
from edgereg.sources.file import VideoFile, exists
from edgereg.sources.images import SUFFIXES, ImageFiles, images_in, images_matching
from edgereg.sources.network import open_url
from edgereg.sources.options import SourceOptions
from edgereg.sources.paced import PacedSource
from edgereg.sources.pipe import STANDARD_INPUT, PipeSource, is_pipe
from edgereg.sources.webp import AnimatedWebp, is_animated_webp

log = logging.getLogger(__name__)


def _is_there(text: str) -> bool:
    return exists(Path(text))


def _is_url(text: str) -> bool:
    return SCHEME.match(text) is not None and not _is_there(text)


def _is_gstreamer(text: str) -> bool:
    """A name with an exclamation mark and a file's ending is a file that is missing."""
    file = Path(text).suffix.lower() in VIDEOS | SUFFIXES
    return "!" in text and not _is_there(text) and not file


def _is_camera(text: str) -> bool:
    return re.fullmatch(r"/dev/video\d+", text) is not None or (
        text.isdecimal() and not _is_there(text)
    )


def _is_pattern(text: str) -> bool:
    return any(mark in text for mark in "*?[") and not _is_there(text)


def _start(path: Path) -> bytes:
    """The first bytes of a picture's file, none where it can't be read."""
    if path.suffix.lower() not in SUFFIXES:
        return b""
    try:
        with path.open("rb") as file:
            return file.read(1 << 16)
    except OSError:
        return b""


def _is_still(text: str) -> bool:
    """A picture; what is animated counts as a recording, whatever its ending."""
    path = Path(text)
    if path.suffix.lower() not in SUFFIXES or not exists(path):
        return False
    start = _start(path)
    return b"acTL" not in start.partition(b"IDAT")[0] and start[4:12] != b"ftypavis"


# In this order, each text goes to the first that takes it.
FORMATS: tuple[SourceFormat, ...] = (
    SourceFormat(
        "pipe",
        "standard input, as '-', or a named pipe",
        lambda text: text == STANDARD_INPUT or is_pipe(Path(text)),
        PipeSource,
    ),
    SourceFormat(
        "url",
        "a stream's address (rtsp, http, ...)",
        _is_url,
        open_url,
    ),
    SourceFormat(
        "gstreamer",
        "a GStreamer string with '!'",
        _is_gstreamer,
        open_gstreamer,
    ),
    SourceFormat(
        "camera",
        "a camera's number",
        _is_camera,
        lambda text, options: open_camera(int(text.removeprefix("/dev/video")), options),
    ),
    SourceFormat(
        "clips",
        "a folder or glob of videos",
        lambda text: bool(clips_of(text)),
        open_clips,
    ),
    SourceFormat(
        "folder",
        "a folder of images",
        lambda text: _is_there(text) and Path(text).is_dir(),
        lambda text, options: images_in(Path(text), options),
    ),
    SourceFormat(
        "glob",
        "a glob of images",
        _is_pattern,
        images_matching,
    ),
    SourceFormat(
        "animation",
        "an animated WebP",
        lambda text: is_animated_webp(_start(Path(text))),
        lambda text, options: AnimatedWebp(Path(text), options.max_pixels),
    ),
    SourceFormat(
        "image",
        "an image",
        _is_still,
        lambda text, options: ImageFiles([Path(text)], text, options),
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


def _takes(format_: SourceFormat, text: str) -> bool:
    """Whether a format takes the text; one of a plugin may raise anything."""
    try:
        return bool(format_.takes(text))
    except Exception as error:
        log.warning(
            "source '%s' of a plugin failed at %s: %s; it is passed over",
            format_.name,
            shown(text),
            one_line(error),
        )
        return False


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
    text = str(text) if _is_there(str(text)) else str(text).strip()
    if not text.strip():
        raise SourceError("no source given; name a file, a folder, a camera index or a URL")
    if text.lower().startswith("file://"):
        text = url2pathname(unquote(urlsplit(text).path))
    chosen = next(each for each in (*formats, *FORMATS) if _takes(each, text))
    try:
        source = chosen.open(text, options or SourceOptions())
    except EdgeregError:
        raise
    except Exception as error:  # a plugin may raise anything
        why = one_line(error)
        raise SourceError(f"{shown(text)}: '{chosen.name}' can't open it: {why}") from error
    if (realtime or loop) and not source.info.live:
        return PacedSource(source, loop=loop)
    return source
