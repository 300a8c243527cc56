"""What an engine must return: the CPU's numbers, to the bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from edgereg.engines.onnx import OnnxEngine


def images(batch: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(batch)
    return {"images": rng.integers(0, 256, (batch, 8, 8, 3), dtype=np.uint8)}


def same(found: dict[str, Any], path: Path, inputs: dict[str, np.ndarray]) -> None:
    expected = OnnxEngine(path, threads=1).run(inputs)
    assert list(found) == list(expected)
    for name, array in expected.items():
        assert np.array_equal(found[name], array), name
        assert found[name].dtype == array.dtype
