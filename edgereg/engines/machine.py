"""What a compiled engine depends on besides the model: compilers, GPU, driver; and the cores."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from functools import lru_cache
from importlib import metadata
from pathlib import Path

COMPILERS = (
    "tensorrt",
    "tensorrt-cu12",
    "tensorrt-cu13",
    "onnxruntime-gpu",
    "onnxruntime-openvino",
    "onnxruntime",
)


def compiler_versions() -> str:
    """Versions of TensorRT and of ONNX Runtime, whichever are installed."""
    found = []
    for name in COMPILERS:
        with suppress(metadata.PackageNotFoundError):
            found.append(f"{name} {metadata.version(name)}")
    return ", ".join(found)


@lru_cache(maxsize=1)
def gpu_identity() -> tuple[str, str]:
    """(architecture, driver) of the first GPU; on a Jetson the release of its system."""
    query = ["nvidia-smi", "--query-gpu=name,compute_cap,driver_version", "--format=csv,noheader"]
    with suppress(OSError, subprocess.SubprocessError, ValueError, IndexError):
        done = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True)
        name, capability, driver = done.stdout.splitlines()[0].split(", ")
        return f"{name} {capability}", driver
    release = Path("/etc/nv_tegra_release")
    with suppress(OSError, IndexError):
        return "Tegra", release.read_text(encoding="utf-8").splitlines()[0]
    return "none", "none"


def usable_cores() -> int:
    """Cores that this process may run on: fewer than the machine has in a container or a cpuset."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
