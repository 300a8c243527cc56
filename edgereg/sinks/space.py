"""Free space, asked for in time: some formats are readable only once their end is written."""

from __future__ import annotations

import shutil
from pathlib import Path

from edgereg.core.errors import SinkError

# Enough for what closes an MP4 or Parquet file, and for others to notice the full disk too.
RESERVE = 16 * 2**20


def ensure_space(path: Path, pending: int = 0) -> None:
    """Raise SinkError while there is still room to close the file at `path` properly, and where its
    folder is gone.

    pending: bytes that are to be written on closing.
    """
    try:
        free = shutil.disk_usage(path.parent).free
    except OSError as error:
        raise SinkError(f"{path}: its folder is gone; was it deleted or unplugged?") from error
    if free < RESERVE + pending:
        raise SinkError(
            f"{path}: the disk is nearly full ({free // 2**20} MiB left); what was written so far "
            "is whole; free some space or write elsewhere"
        )
