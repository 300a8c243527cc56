"""The range of batches that a graph was compiled for, kept beside the compiled engines.

A run that names no range takes the one that `edgereg engines build --batch` was told last.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from edgereg.core.errors import EngineError
from edgereg.engines.ranges import Batch, parse_batch


def remember(root: Path, graph: Path, batch: Batch) -> None:
    """Keep the range; where the folder can't be written the next run takes the usual one."""
    file = _file(root, graph)
    part = file.with_name(file.name + ".part")
    with suppress(OSError):
        root.mkdir(parents=True, exist_ok=True)
        part.write_text(f"{batch.least}:{batch.usual}:{batch.most}", encoding="utf-8")
        part.replace(file)


def remembered(root: Path, graph: Path) -> Batch:
    """The range last compiled for, or the usual one."""
    with suppress(OSError, EngineError):
        return parse_batch(_file(root, graph).read_text(encoding="utf-8"))
    return Batch()


def _file(root: Path, graph: Path) -> Path:
    return root / f"batch-{hashlib.sha256(graph.read_bytes()).hexdigest()[:32]}"
