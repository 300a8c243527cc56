"""edgereg: deep visual regression on video, with the predicted density and its refinement.

for result in edgereg.stream("clip.mp4", tasks=["headpose"]): ...
edgereg.run("clip.mp4", "poses.mp4", "poses.parquet")
edgereg.predict(image, "headpose").to_pandas()
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgereg.core.errors import EdgeregError as EdgeregError
    from edgereg.front_door import predict as predict
    from edgereg.front_door import run as run
    from edgereg.front_door import stream as stream

import os

# ONNX Runtime sends telemetry, and writes a device id into the user's cache, unless it finds this
# when it is imported. Children and workers inherit it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"
__all__ = ["EdgeregError", "__version__", "predict", "run", "stream"]

_HOMES = {
    "EdgeregError": "edgereg.core.errors",
    "predict": "edgereg.front_door",
    "run": "edgereg.front_door",
    "stream": "edgereg.front_door",
}


def __getattr__(name: str) -> Any:
    """Load the front door when it is first used: `import edgereg` stays cheap."""
    if name not in _HOMES:
        raise AttributeError(f"module 'edgereg' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
