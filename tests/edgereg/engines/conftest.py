"""Fixtures of the engines' tests: stand-ins for CUDA and TensorRT."""

from __future__ import annotations

from .fake_cuda import fake_cuda
from .fake_tensorrt import fake_trt

__all__ = ["fake_cuda", "fake_trt"]
