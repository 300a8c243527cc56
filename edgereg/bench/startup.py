"""From a new process to the first results of a model, measured in a process that does only that.

`python -m edgereg.bench.startup FOLDER ENGINE THREADS GRAPH...` prints one line of JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgereg.bench.energy import Meter
from edgereg.core.errors import EdgeregError, EngineError

if TYPE_CHECKING:
    from edgereg.core.model_spec import GraphName

TIMEOUT_S = 3600.0


@dataclass(frozen=True)
class StartUp:
    """Seconds to the first results, with an empty and with a filled cache; memory in MB.

    rss_mb: most that the process held. model_mb: of that what loading and running the model added.
    device_mb: how much more of the device's was in use than before, where it reports that.
    """

    cold_s: float
    cached_s: float
    rss_mb: float | None
    model_mb: float | None
    device_mb: float | None


def measure_startup(folder: Path, engine: str, graphs: Mapping[GraphName, int]) -> StartUp:
    """Start these graphs, each with so many threads, twice with an engine cache of their own.

    Raises EngineError where that fails.
    """
    asked = [str(folder), engine, *(f"{name}:{count}" for name, count in graphs.items())]
    with tempfile.TemporaryDirectory() as cache:
        first, _ = _start(asked, cache)
        with Meter() as meter:
            before = meter.wait_for_memory()
            second, told = _start(asked, cache)
            after = meter.memory_mb
    device = None if before is None or after is None else max(0.0, after - before)
    return StartUp(round(first, 3), round(second, 3), told["rss_mb"], told["model_mb"], device)


def _start(asked: Sequence[str], cache: str) -> tuple[float, dict[str, float | None]]:
    """Seconds that a new process took, and what it tells of its memory."""
    folder, engine, *_ = asked
    command = [sys.executable, "-m", __spec__.name, *asked]
    start = time.perf_counter()
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_S,
            env={**os.environ, "XDG_CACHE_HOME": cache, "LOCALAPPDATA": cache},
        )
    except subprocess.TimeoutExpired as error:
        raise EngineError(f"{folder}: not started on {engine} after {TIMEOUT_S:.0f} s") from error
    took = time.perf_counter() - start
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise EngineError(f"{folder}: does not start on {engine}: {said}")
    told: dict[str, float | None] = json.loads(done.stdout.splitlines()[-1])
    return took, told


def _main(folder: str, engine: str, *graphs: str) -> None:
    from edgereg.engines.onnx import CPU, OnnxEngine
    from edgereg.engines.probe import make_probe
    from edgereg.engines.profile import profile_of
    from edgereg.engines.select import load_engine
    from edgereg.models.folder import load_model

    model = load_model(folder)
    before = most_memory_mb()
    for graph, _, threads in (asked.partition(":") for asked in graphs):
        path = model.graph_path(graph)
        loaded = load_engine(path, engine, threads=int(threads))
        known = loaded if isinstance(loaded, OnnxEngine) else OnnxEngine(path, CPU, threads=1)
        loaded.run(make_probe(known, profile_of(path)))
    most = most_memory_mb()
    added = None if before is None or most is None else most - before
    print(json.dumps({"rss_mb": _rounded(most), "model_mb": _rounded(added)}))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def most_memory_mb() -> float | None:
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
    try:
        _main(*sys.argv[1:])
    except EdgeregError as error:
        sys.exit(str(error))
