"""Whether a provider runs a graph rightly, tried in a process of its own.

A provider's libraries may end the process that loads them (a wrong cuDNN aborts, a driver
segfaults), or never return. Here only a child is lost, and the caller is told. What passed once is
remembered for this graph, provider, GPU, driver and version, so that later starts need no child.
"""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from edgereg import __version__
from edgereg.core.errors import EngineError
from edgereg.engines.base import DeviceEngine, Engine
from edgereg.engines.cache import EngineCache, key_for
from edgereg.engines.providers import COMPILERS

log = logging.getLogger(__name__)

# What a child runs.
TRIAL = "edgereg.engines.trial"

# Half precision inside a GPU's matrix units rounds to about 1e-3; more is another function.
TOLERANCE = 2e-2
# Outputs smaller than this are compared as if they were this large.
SMALL = 1e-2
# How long a provider may take to its first result. A CUDA that is older than its GPU compiles, too.
LIMIT_S = 300.0
COMPILER_LIMIT_S = 1800.0

Found = Mapping[str, Any]


def prove_once(file: Path, provider: str) -> None:
    """`prove`, unless the provider passed with this graph on this machine before.

    Raises EngineError as `prove` does.
    """
    tried, passed = [], []

    def build(folder: Path) -> None:
        tried.append(provider)
        prove(file, provider)
        passed.append(provider)
        (folder / "proven").write_text(provider, encoding="utf-8")

    try:
        EngineCache().fetch(key_for(file, f"proof of {provider}", {"by": __version__}), build)
    except EngineError:
        if tried and not passed:
            raise
        # The cache can't be written, which is no fault of the provider.
        if not tried:
            prove(file, provider)


def prove(file: Path, provider: str, limit_s: float | None = None) -> None:
    """Run a graph on a provider in another process, and compare with the CPU.

    limit_s: how long it may take; None: five minutes, half an hour for one that compiles. Raises
    EngineError that says how it failed: by an error, another result, a crash, or by not coming to
    an end.
    """
    limit = limit_s or (COMPILER_LIMIT_S if provider in COMPILERS else LIMIT_S)
    log.info("%s: trying %s in a process of its own", file.name, provider)
    with tempfile.TemporaryFile() as said:
        command = [sys.executable, "-m", TRIAL, str(file), provider]
        nothing = subprocess.DEVNULL
        child = subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=said)
        try:
            code = child.wait(limit)
        except subprocess.TimeoutExpired as error:
            raise EngineError(
                f"came to no end within {limit:.0f} s; name another --engine to save the wait"
            ) from error
        finally:
            _end(child)
        if code:
            raise EngineError(_reason(code, said))


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill what still runs; one that hangs inside its driver is not waited for."""
    child.kill()
    with suppress(subprocess.TimeoutExpired):
        child.wait(5)


def _reason(code: int, said: IO[bytes]) -> str:
    """Why a child ended: its own last words, or how the system ended it."""
    said.seek(0)
    lines = said.read().decode(errors="replace").strip().splitlines()
    if code == 1 and lines:
        return lines[-1]
    how = f"with code {code:#x}"
    if code < 0:
        with suppress(ValueError):
            how = f"by {signal.Signals(-code).name}"
    return f"ended its process {how}" + (f": {lines[-1][:200]}" if lines else "")


def compare(found: Found, expected: Found, tolerance: float = TOLERANCE) -> None:
    """Raise EngineError unless all outputs agree to `tolerance` of the largest expected value.

    What is not finite on the CPU must not be finite either, and nothing else.
    """
    for name, want in expected.items():
        have = found.get(name)
        if have is None or have.shape != want.shape:
            raise EngineError(f"output '{name}' is missing or of another shape than on the CPU")
        known = np.isfinite(want)
        if not np.array_equal(np.isfinite(have), known):
            raise EngineError(f"output '{name}' is not finite where the CPU's is, or the reverse")
        if not known.any():
            continue
        gap = _largest(have[known].astype(np.float64) - want[known])
        if gap > tolerance * max(SMALL, _largest(want[known])):
            raise EngineError(f"output '{name}' differs from the CPU's by {gap:.3g}")


def _largest(array: npt.NDArray[Any]) -> float:
    return float(np.abs(array.astype(np.float64)).max())


def check(engine: Engine, inputs: Found, expected: Found) -> None:
    """Run an engine and compare, what it leaves on its device as well. Raises EngineError."""
    compare(engine.run(inputs), expected)
    if isinstance(engine, DeviceEngine) and engine.device is not None:
        kept = engine.run_keeping(inputs, engine.outputs)
        compare({name: np.asarray(value) for name, value in kept.items()}, expected)
