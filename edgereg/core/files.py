"""Files that are there as a whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

# A container's comment stands in its header, or behind its pictures.
_COMMENT_WITHIN = 1 << 18
# The comment of a picture follows its first header.
_PICTURE_COMMENT_WITHIN = 256

# Stands in the comment of every video and picture that edgereg writes, so that it is known again.
MADE_BY = "annotated by edgereg"


def is_made_here(path: Path) -> bool:
    """Whether a video is one that edgereg wrote, by the comment in its first or last part."""
    try:
        with path.open("rb") as file:
            start = file.read(_COMMENT_WITHIN)
            file.seek(max(0, file.seek(0, os.SEEK_END) - _COMMENT_WITHIN))
            return MADE_BY.encode() in start + file.read(_COMMENT_WITHIN)
    except OSError:
        return False


def is_picture_made_here(path: Path) -> bool:
    """Whether a picture is one that edgereg wrote, by the comment behind its first header."""
    try:
        with path.open("rb") as file:
            return MADE_BY.encode() in file.read(_PICTURE_COMMENT_WITHIN)
    except OSError:
        return False


def part_of(path: Path) -> Path:
    """Where a file is written until it is whole: `poses.part.csv` beside `poses.csv`."""
    return path.with_name(f"{path.stem}.part{path.suffix}")


def replace_file(path: Path, content: bytes | Iterable[bytes], *, sync: bool = True) -> None:
    """Write the content to a file beside `path`, which then takes the place of `path`.

    A file that was there keeps its permissions, and a link still leads where it led; what is no
    file, a pipe or a device, is written to. sync: wait until the bytes are on the disk, so that a
    power cut leaves the old file or the new one.
    Raises OSError where it fails; `path` is then as it was before.
    """
    target = Path(os.path.realpath(path))
    parts = [content] if isinstance(content, bytes) else content
    if target.exists() and not target.is_file():
        with target.open("wb") as file:
            file.writelines(parts)
        return
    part = part_of(target)
    try:
        with part.open("wb") as file:
            file.writelines(parts)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        put_in_place(part, target)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def put_in_place(part: Path, target: Path) -> None:
    """Let a file take the name of another, and its permissions if there is one. Raises OSError."""
    with suppress(OSError):
        shutil.copymode(target, part)
    part.replace(target)


def reason(error: Exception) -> str:
    """What the system said in an OSError or the like, and what to do where that is clear."""
    text = getattr(error, "strerror", None) or str(error)
    full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return f"{text}; free some space or write elsewhere" if full else text
