"""What figures depend on besides the model: the machine, its software, and what else it does."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgereg.engines.machine import compiler_versions, gpu_identity, usable_cores

# Figures of two machines that differ in one of these say nothing about the models.
DECISIVE = ("processor", "cores", "gpu", "driver", "engines")
# Load a core, above which other work is noticed.
BUSY = 0.5


def describe_machine() -> dict[str, Any]:
    """Processor, cores, GPU, driver and libraries; `load` as it is now."""
    gpu, driver = gpu_identity()
    return {
        "processor": _processor(),
        "architecture": platform.machine(),
        "cores": usable_cores(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "engines": compiler_versions(),
        "gpu": gpu,
        "driver": driver,
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
    }


def unlike(here: Mapping[str, Any], there: Mapping[str, Any]) -> list[str]:
    """In what two machines differ, one phrase for each field: 'cores 4 (here 2)'."""
    return [
        f"{name} {there.get(name, 'unknown')} (here {here.get(name)})"
        for name in DECISIVE
        if there.get(name) != here.get(name)
    ]


def is_busy(machine: Mapping[str, Any]) -> bool:
    """Whether other work kept the machine busy when it was described."""
    return machine["load"] is not None and machine["load"] > BUSY * machine["cores"]


def _processor() -> str:
    """The processor's name; Arm boards tell that of the board."""
    for file, mark in (("/proc/cpuinfo", "model name"), ("/proc/device-tree/model", "")):
        try:
            for line in Path(file).read_text(encoding="utf-8").splitlines():
                if line.startswith(mark):
                    return line.split(":")[-1].strip(" \0\t")
        except OSError:
            continue
    return platform.processor() or "unknown"
