"""edgereg: deep visual regression on video, with the predicted density and its refinement."""

import os

# ONNX Runtime sends telemetry, and writes a device id into the user's cache, unless it finds this
# when it is imported. Children and workers inherit it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"
