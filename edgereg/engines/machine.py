"""What a compiled engine depends on besides the model: compilers, GPU, driver; and the cores."""

from __future__ import annotations

import math
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
    """Cores that this process may run on: fewer than the machine has in a container or a cpuset.

    A container's quota of processor time counts in whole cores, and one at least.
    """
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    quota = cpu_quota()
    return there or 1 if quota is None else max(1, min(there or 1, math.ceil(quota)))


def cpu_quota(
    groups: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")
) -> float | None:
    """Cores' worth of time that the process's control group allows; None where it sets no bound.

    groups, own: where Linux tells of all groups (version 2 or 1), and which one is the process's.
    """
    folder = groups
    with suppress(OSError, IndexError, StopIteration):
        line = next(each for each in own.read_text().splitlines() if each.startswith("0::"))
        inside = groups / line.split("::", 1)[1].lstrip("/")
        folder = inside if (inside / "cpu.max").exists() else groups
    with suppress(OSError, ValueError, ZeroDivisionError):
        quota, period = (folder / "cpu.max").read_text().split()
        return None if quota == "max" else int(quota) / int(period)
    with suppress(OSError, ValueError, ZeroDivisionError):
        first = groups / "cpu"
        quota, period = ((first / f"cpu.cfs_{n}_us").read_text() for n in ("quota", "period"))
        return None if int(quota) <= 0 else int(quota) / int(period)
    return None
