"""What each provider of ONNX Runtime is told: caches, shapes, graphs and threads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgereg.engines.profile import Profile

CUDA = "CUDAExecutionProvider"
TENSORRT = "TensorrtExecutionProvider"


def cuda_options() -> dict[str, Any]:
    """CUDA: convolutions chosen by rule of thumb, so that no size pays for a search of its own.

    CUDA graphs stay off: ONNX Runtime's need one fixed shape and every node on the device, and
    the models' batches vary and their `refine` graphs loop.
    """
    return {"cudnn_conv_algo_search": "HEURISTIC", "cudnn_conv_use_max_workspace": "1"}


def tensorrt_options(folder: Path, timings: Path, profile: Profile) -> dict[str, Any]:
    """TensorRT through ONNX Runtime: engine and timing cache, one range of shapes for all runs.

    folder: where engines are kept; timings: the folder of the timing cache.
    """
    return {
        "trt_engine_cache_enable": True,
        "trt_engine_cache_path": str(folder),
        "trt_timing_cache_enable": True,
        "trt_timing_cache_path": str(timings),
        **_ranges(profile),
    }


def _ranges(profile: Profile) -> Mapping[str, str]:
    """`name:1x64x64x3,...` for the smallest, the usual and the largest shapes.

    ONNX Runtime wants a range for every input with a free dimension, or for none.
    """
    options = ("trt_profile_min_shapes", "trt_profile_opt_shapes", "trt_profile_max_shapes")
    free = {name: triple for name, triple in profile.shapes.items() if triple[0] != triple[2]}
    return {
        option: ",".join(
            f"{name}:{'x'.join(map(str, triple[place]))}" for name, triple in free.items()
        )
        for place, option in enumerate(options)
        if free
    }
