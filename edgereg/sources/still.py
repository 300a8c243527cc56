"""One still picture, from its bytes: bounded before it is decoded, upright as EXIF says."""

from __future__ import annotations

import re
from contextlib import suppress
from io import BytesIO

import av.error
import cv2
import numpy as np
import numpy.typing as npt

from edgereg.core.errors import SourceError, one_line
from edgereg.sources.capture import rgb
from edgereg.sources.container import Opening, open_container, too_large
from edgereg.sources.declared import declared
from edgereg.sources.pixels import Pixels

# An item that is made of others, as a grid of tiles; without a joiner only its first tile shows.
_DERIVED = re.compile(rb"infe[\x02\x03].{3}(?:..|....)..(?:grid|iovl|iden)", re.S)
_META_WITHIN = 1 << 18
_NO_IMAGE = "not an image that edgereg can read"


def decode_still(
    content: bytes, name: str, max_pixels: int
) -> tuple[npt.NDArray[np.uint8], str | None]:
    """RGB uint8 [H, W, 3] that nobody can write into, and what is wrong with the file, if anything.

    Raises SourceError where it is no image, too large, or has no pixel to give.
    """
    if content[4:8] == b"ftyp":
        return _heif(content, name, max_pixels), None
    size = declared(content)
    if size is None:
        raise SourceError(f"{name}: {_NO_IMAGE}")
    if size.width * size.height > max_pixels:
        raise SourceError(f"{name}: {too_large(size.width * size.height, max_pixels)}")
    raw = None
    if size.usable:
        with suppress(cv2.error):
            raw = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    image = None if raw is None else rgb(np.asarray(raw, np.uint8))
    if image is None:
        whole = size.whole and size.usable
        raise SourceError(f"{name}: {_NO_IMAGE if whole else 'truncated; it shows nothing'}")
    image.flags.writeable = False
    fault = None if size.whole else f"{name}: truncated; the lower part of the picture is missing"
    return image, fault


def _heif(content: bytes, name: str, max_pixels: int) -> npt.NDArray[np.uint8]:
    """AVIF and HEIC, by FFmpeg; those in tiles, as telephones store them, by libheif."""
    if _DERIVED.search(content, 0, _META_WITHIN):
        return _joined(content, name, max_pixels)
    try:
        opened = open_container(Opening(BytesIO(content), max_pixels))
    except SourceError as error:
        raise SourceError(f"{name}: {error}") from error
    try:
        # Smaller ones are previews; the first of the large ones is the picture, its alpha follows.
        streams = opened.container.streams.video
        stream = max(streams, key=lambda each: each.codec_context.width * each.codec_context.height)
        picture = next(iter(opened.container.decode(stream)), None)
    except av.error.FFmpegError:
        picture = None
    finally:
        opened.close()
    if picture is None:
        raise SourceError(f"{name}: {_NO_IMAGE}")
    return Pixels().rgb(picture)


def _joined(content: bytes, name: str, max_pixels: int) -> npt.NDArray[np.uint8]:
    """A picture whose parts are pictures, upright."""
    try:
        import pillow_heif
    except ImportError as error:
        raise SourceError(
            f"{name}: this picture is stored in tiles, and what joins them is not installed: "
            "pip install 'edgereg[heic]', or save it as JPEG"
        ) from error
    try:
        # Nothing is decoded before its pixels are asked for.
        picture = pillow_heif.open_heif(BytesIO(content), convert_hdr_to_8bit=True)
        pixels = picture.size[0] * picture.size[1]
        if pixels > max_pixels:
            raise SourceError(f"{name}: {too_large(pixels, max_pixels)}")
        image = np.asarray(picture)
    except (OSError, ValueError, RuntimeError, EOFError) as error:
        raise SourceError(f"{name}: {_NO_IMAGE} ({one_line(error)})") from error
    # Grey, or with an alpha behind the colours.
    grey = image.ndim == 2 or image.shape[2] < 3
    colours = np.stack([image.reshape(*image.shape[:2], -1)[..., 0]] * 3, 2) if grey else image
    whole: npt.NDArray[np.uint8] = np.ascontiguousarray(colours[..., :3])
    whole.flags.writeable = False
    return whole
