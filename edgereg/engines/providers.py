"""What each provider of ONNX Runtime is told, and which ones stand behind it.

Names of options are those of ONNX Runtime 1.20 to 1.31. Providers that are not named here run with
their defaults: TensorRT-RTX, MIGraphX, DirectML and CoreML need no option to be right, and none
could be tried on its hardware.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgereg.engines.ranges import Profile

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"
TENSORRT = "TensorrtExecutionProvider"
OPENVINO = "OpenVINOExecutionProvider"
MIGRAPHX = "MIGraphXExecutionProvider"
# TensorRT's own Python API, without ONNX Runtime: the only way to it on a Jetson.
NATIVE = "TensorRT"
# These may compile for many minutes before their first result.
COMPILERS = frozenset({NATIVE, TENSORRT, MIGRAPHX})


def options_of(provider: str, threads: int | None) -> dict[str, Any]:
    """The options of a provider that compiles nothing worth keeping; none for most.

    CUDA: convolutions chosen by rule of thumb, so that no size pays for a search of its own. CUDA
    graphs stay off: ONNX Runtime's need one shape for good, buffers at fixed addresses, every node
    on the device, no Loop and one thread, while the models' batches vary, their `refine` graphs
    loop, and the density is asked for by another thread. The native TensorRT engine replays them.

    OpenVINO: it has threads of its own, as many as there are cores, whatever the session says. Its
    cache stays off: the bundled graphs gave their first result no sooner with it (1.24, CPU).
    """
    if provider == CUDA:
        return {"cudnn_conv_algo_search": "HEURISTIC"}
    if provider == OPENVINO and threads:
        return {"num_of_threads": str(threads)}
    return {}


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


def chain_of(
    provider: str, options: Mapping[str, Any], present: list[str]
) -> list[tuple[str, dict[str, Any]]]:
    """A provider and those that run what it does not take: the CPU last, CUDA behind TensorRT.

    present: the providers of this ONNX Runtime.
    """
    chain = [(provider, dict(options))]
    if provider == TENSORRT and CUDA in present:
        chain.append((CUDA, options_of(CUDA, None)))
    return chain if provider == CPU else [*chain, (CPU, {})]


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
