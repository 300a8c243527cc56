"""Engines compiled for this machine, kept between runs and never trusted blindly.

Follow `EngineCache.fetch` from top to bottom: an entry that is whole is used; else one process
compiles in a folder of its own while the others wait, seals it with the sha256 of its files, and
puts it in place by renaming, so that nobody ever sees half an entry.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from edgereg.core.errors import EngineError
from edgereg.core.json_files import read_json
from edgereg.engines.machine import compiler_versions, gpu_identity

log = logging.getLogger(__name__)

SEAL = "seal.json"
# TensorRT may take many minutes for a model on a small board.
WAIT_S = 1800.0
# Folders that a killed process left behind are swept away once no build can still be in them.
ABANDONED_S = 24 * 3600.0


@dataclass(frozen=True)
class CacheKey:
    """Everything that a compiled engine depends on.

    model: sha256 of the ONNX file. shapes: input shapes and their ranges as text. compiler:
    TensorRT's version (or that of the runtime which carries it). gpu: architecture; driver:
    version.
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
    """One folder for each key."""

    def __init__(self, root: Path | None = None, *, wait_s: float = WAIT_S) -> None:
        """root: default is the user's cache folder. wait_s: how long to wait for another build."""
        self.root = root or platformdirs.user_cache_path("edgereg") / "engines"
        self._wait_s = wait_s

    def fetch(self, key: CacheKey, build: Callable[[Path], None]) -> Path:
        """The folder of a key, with its files as they were sealed; `build` fills an empty one.

        An entry that was altered, cut short, never sealed or made under another key is thrown away
        with one line in the log, and built again. A process that waited in vain for another one
        builds for itself. Raises EngineError where the cache can't be written, and whatever
        `build` raises; then nothing stays behind.
        """
        folder = self.root / key.digest
        if _intact(folder, key):
            return folder
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with self._turn(key):
                return folder if _intact(folder, key) else self._build(key, folder, build)
        except OSError as error:
            raise EngineError(
                f"{error.filename or self.root}: the cache of compiled engines can't be written: "
                f"{error.strerror or error}; free some space or correct its folder"
            ) from error

    def discard(self, key: CacheKey) -> None:
        """Throw an entry away that turned out not to load."""
        shutil.rmtree(self.root / key.digest, ignore_errors=True)

    @contextmanager
    def _turn(self, key: CacheKey) -> Iterator[None]:
        """The right to build; the system takes it back from a process that dies."""
        lock = FileLock(self.root / f"{key.digest}.lock", timeout=self._wait_s)
        try:
            lock.acquire()
        except Timeout:
            log.warning(
                "%s: another process has been compiling for %.0f s; compiling here as well",
                lock.lock_file,
                self._wait_s,
            )
        try:
            yield
        finally:
            lock.release()

    def _build(self, key: CacheKey, folder: Path, build: Callable[[Path], None]) -> Path:
        if folder.exists():
            log.warning("%s: damaged or stale engine in the cache; it is built again", folder)
        self._sweep()
        part = Path(tempfile.mkdtemp(prefix=f"{key.digest}.", suffix=".part", dir=self.root))
        try:
            build(part)
            seal = {"key": asdict(key), "files": _hashes(part)}
            (part / SEAL).write_text(json.dumps(seal, indent=1), encoding="utf-8")
            self._put(part, folder, key)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return folder

    def _put(self, part: Path, folder: Path, key: CacheKey) -> None:
        """Rename a finished entry into place, unless somebody else's is there and whole."""
        if _intact(folder, key):
            return
        if folder.exists():
            old = Path(tempfile.mkdtemp(prefix=f"{key.digest}.", suffix=".old", dir=self.root))
            with suppress(FileNotFoundError):
                folder.rename(old / "entry")
            shutil.rmtree(old, ignore_errors=True)
        try:
            part.rename(folder)
        except OSError:
            if not _intact(folder, key):
                raise

    def _sweep(self) -> None:
        """Remove what killed processes left."""
        for pattern in ("*.part", "*.old"):
            for left in self.root.glob(pattern):
                with suppress(OSError):
                    if time.time() - left.stat().st_mtime > ABANDONED_S:
                        shutil.rmtree(left, ignore_errors=True)


def _hashes(folder: Path) -> dict[str, str]:
    """sha256 by name of the files in an entry, the seal itself left out."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name != SEAL
    }


def _intact(folder: Path, key: CacheKey) -> bool:
    try:
        seal = read_json(folder / SEAL)
        return bool(seal == {"key": asdict(key), "files": _hashes(folder)})
    except (OSError, ValueError):
        return False


def key_for(
    path: Path, precision: str, shapes: Mapping[str, object], compiler: str = ""
) -> CacheKey:
    """The key of an ONNX file on this machine.

    compiler: name and version; default those of the TensorRT and ONNX Runtime installed.
    """
    gpu, driver = gpu_identity()
    return CacheKey(
        hashlib.sha256(path.read_bytes()).hexdigest(),
        precision,
        json.dumps(shapes, sort_keys=True, default=str),
        compiler or compiler_versions(),
        gpu,
        driver,
    )
