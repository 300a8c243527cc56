"""Engines compiled for this machine, kept between runs and never trusted blindly."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

log = logging.getLogger(__name__)

SEAL = "seal.json"


@dataclass(frozen=True)
class CacheKey:
    """Everything that a compiled engine depends on.

    model: sha256 of the ONNX file. shapes: input shapes as text. compiler: TensorRT's version (or
    that of the runtime which carries it). gpu: architecture; driver: version.
    """

    model: str
    precision: str
    shapes: str
    compiler: str
    gpu: str
    driver: str

    @property
    def digest(self) -> str:
        """A name for the entry: another one when any field differs."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


class EngineCache:
    """One folder for each key, filled by a compiler, then sealed with the sha256 of its files.

    `open` hands out a folder with its seal intact, or an empty one: an entry that was never
    sealed (the build was interrupted), was altered, or belongs to another key is thrown away.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def open(self, key: CacheKey) -> Path:
        """The folder of a key, to be filled where it is empty."""
        folder = self._root / key.digest
        if folder.exists() and not _intact(folder, key):
            log.warning("%s: damaged or unfinished engine in the cache; it is built again", folder)
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def seal(self, key: CacheKey) -> None:
        """Vouch for what is in the folder now; called once the engine in it was proven."""
        folder = self._root / key.digest
        seal = {"key": asdict(key), "files": _hashes(folder)}
        part = folder / (SEAL + ".part")
        part.write_text(json.dumps(seal, indent=1), encoding="utf-8")
        part.replace(folder / SEAL)


def _hashes(folder: Path) -> dict[str, str]:
    """sha256 by name of the files in an entry, the seal itself left out."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.is_file() and not path.name.startswith(SEAL)
    }


def _intact(folder: Path, key: CacheKey) -> bool:
    try:
        seal = json.loads((folder / SEAL).read_text(encoding="utf-8"))
        return bool(seal == {"key": asdict(key), "files": _hashes(folder)})
    except (OSError, ValueError):
        return False


def key_for(path: Path, precision: str, shapes: Mapping[str, object]) -> CacheKey:
    """The key of an ONNX file on this machine."""
    gpu, driver = gpu_identity()
    return CacheKey(
        hashlib.sha256(path.read_bytes()).hexdigest(),
        precision,
        json.dumps(shapes, sort_keys=True, default=str),
        _compiler(),
        gpu,
        driver,
    )


def _compiler() -> str:
    """Versions of TensorRT and of ONNX Runtime, whichever are installed."""
    found = []
    for name in ("tensorrt", "onnxruntime-gpu", "onnxruntime"):
        with suppress(metadata.PackageNotFoundError):
            found.append(f"{name} {metadata.version(name)}")
    return ", ".join(found)


@lru_cache(maxsize=1)
def gpu_identity() -> tuple[str, str]:
    """(architecture, driver) of the first GPU; on a Jetson the release of its system."""
    query = ["nvidia-smi", "--query-gpu=name,compute_cap,driver_version", "--format=csv,noheader"]
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True)
        name, capability, driver = done.stdout.splitlines()[0].split(", ")
        return f"{name} {capability}", driver
    release = Path("/etc/nv_tegra_release")
    with suppress(OSError):
        return "Tegra", release.read_text(encoding="utf-8").splitlines()[0]
    return "none", "none"
