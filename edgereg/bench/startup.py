"""From a new process to the first results of a model, measured in a process that does only that.

`python -m edgereg.bench.startup FOLDER ENGINE THREADS` prints one line of JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edgereg.errors import EngineError

TIMEOUT_S = 3600.0


@dataclass(frozen=True)
class StartUp:
    """Seconds to the first results, with an empty and with a filled cache; most memory in MB."""

    cold_s: float
    cached_s: float
    rss_mb: float | None


def measure_startup(folder: Path, engine: str, threads: int) -> StartUp:
    """Start twice with an engine cache of its own. Raises EngineError where that fails."""
    with tempfile.TemporaryDirectory() as cache:
        first, _ = _start(folder, engine, threads, cache)
        second, rss = _start(folder, engine, threads, cache)
    return StartUp(first, second, rss)


def _start(folder: Path, engine: str, threads: int, cache: str) -> tuple[float, float | None]:
    command = [sys.executable, "-m", __spec__.name, str(folder), engine, str(threads)]
    start = time.perf_counter()
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
        env={**os.environ, "XDG_CACHE_HOME": cache, "LOCALAPPDATA": cache},
    )
    took = time.perf_counter() - start
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise EngineError(f"{folder}: does not start on {engine}: {said}")
    return took, json.loads(done.stdout.splitlines()[-1])["rss_mb"]


def _main(folder: str, engine: str, threads: str) -> None:
    from edgereg.engines.onnx import CPU, OnnxEngine
    from edgereg.engines.profile import profile_of
    from edgereg.engines.select import load_engine, make_probe
    from edgereg.models.folder import load_model

    model = load_model(folder)
    for graph in model.spec.graphs:
        path = model.graph_path(graph)
        loaded = load_engine(path, engine, threads=int(threads))
        known = loaded if isinstance(loaded, OnnxEngine) else OnnxEngine(path, CPU, threads=1)
        loaded.run(make_probe(known, profile_of(path)))
    print(json.dumps({"rss_mb": _most_memory_mb()}))


def _most_memory_mb() -> float | None:
    """Most memory that this process ever held; Windows does not tell it this way."""
    with suppress(OSError, StopIteration, ValueError):
        # What `getrusage` tells on Linux includes the parent's, from before this program began.
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
    if sys.platform == "darwin":
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024)
    return None


if __name__ == "__main__":
    _main(*sys.argv[1:])
