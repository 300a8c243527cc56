"""The optional parts of edgereg: which packages they bring, and what installs them."""

from __future__ import annotations

import re
from importlib import metadata

CORE = "core"
PURPOSES = {
    CORE: "everything",
    "cpu": "models on the CPU",
    "gpu": "models on NVIDIA GPUs",
    "app": "the desktop window",
    "results": "Parquet tables",
    "heic": "HEIC photographs in tiles",
    "train": "training and rendering",
    "export": "exporting models",
    "author": "beginning a plugin",
    "ray": "runs spread over many machines",
    "serve": "many sources, watched from a browser",
}
# Packages whose import name is not their distribution's.
DISTRIBUTIONS = {
    "cv2": "opencv-python-headless",
    "PySide6": "pyside6-essentials",
    "prometheus_client": "prometheus-client",
    "yaml": "pyyaml",
    "pillow_heif": "pillow-heif",
}


def installation(extra: str) -> str:
    """What to type to get an extra."""
    if extra == CORE:
        return "pip install edgereg"
    if extra == "gpu" and version("onnxruntime"):
        # The two wheels hold the same package; the one installed last breaks the other.
        return "with an NVIDIA GPU: pip uninstall onnxruntime, then pip install 'edgereg[gpu]'"
    return f"pip install 'edgereg[{extra}]'"


def requirements() -> dict[str, list[str]]:
    """Names of the required distributions by extra; those always required under CORE."""
    names: dict[str, list[str]] = {}
    for line in metadata.requires("edgereg") or ():
        name = re.match(r"[\w.-]+", line)
        extra = re.search(r"extra == ['\"]([\w-]+)['\"]", line)
        if name and name.group() != "edgereg":
            names.setdefault(extra.group(1) if extra else CORE, []).append(name.group())
    return names


def version(distribution: str) -> str | None:
    """The installed version of a distribution, or None."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return _system_opencv() if distribution == DISTRIBUTIONS["cv2"] else None


def _system_opencv() -> str | None:
    """The version of an OpenCV that no distribution of pip brought, as boards have it."""
    try:
        import cv2
    except ImportError:
        return None
    return f"{cv2.__version__} of the system"


def missing_module(error: ModuleNotFoundError) -> str | None:
    """One line for a package that an extra would bring, or None where no extra does."""
    module = (error.name or "").partition(".")[0]
    distribution = DISTRIBUTIONS.get(module, module).lower()
    required = requirements()
    for extra in PURPOSES:
        if distribution in {name.lower() for name in required.get(extra, ())}:
            return f"'{module}' is not installed, which this needs; {installation(extra)}"
    return None
