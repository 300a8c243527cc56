"""The compiled engines of an exported model folder, for the machine that exports it."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

from edgereg.core.errors import EngineError
from edgereg.engines.ranges import parse_batch
from edgereg.engines.tensorrt.build import BuiltEngine, build_engine
from edgereg_exporters.errors import ExportError


def compile_folder(
    folder: Path, batch: str | None, say: Callable[[str], None]
) -> list[BuiltEngine]:
    """Compile every graph with TensorRT into the engine cache; `say` is told what goes on.

    batch: LEAST:USUAL:MOST images in one run, or None for the usual range. Raises ExportError where
    TensorRT, cuda-python or a GPU is missing, or a graph can't be built; the folder stays.
    """
    try:
        return build_engine(
            folder,
            batch=None if batch is None else parse_batch(batch),
            progress=lambda graph: say(f"Compiling {graph}, which may take minutes"),
        )
    except EngineError as error:
        later = shlex.join(["edgereg", "engines", "build", str(folder)])
        later += f" --batch {batch}" if batch else ""
        raise ExportError(
            f"{folder} is exported and whole, but not compiled: {error}; "
            f"to compile it on the device: {later}"
        ) from error
