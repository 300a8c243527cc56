"""Fixtures of the engines' tests: stand-ins for CUDA and TensorRT, a model, a cache."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgereg.engines.cache import EngineCache

from .fake_cuda import fake_cuda
from .fake_tensorrt import fake_trt

__all__ = ["fake_cuda", "fake_trt"]


@pytest.fixture
def cache(tmp_path: Path) -> EngineCache:
    return EngineCache(tmp_path / "cache", wait_s=5)


@pytest.fixture
def folder(tiny_model: Callable[..., Any]) -> Path:
    return Path(tiny_model("colour").path)
