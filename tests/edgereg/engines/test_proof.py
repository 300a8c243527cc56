"""A provider that crashes, hangs or lies costs a child process, never the program."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from edgereg.core.errors import EngineError
from edgereg.engines import proof
from edgereg.engines.proof import compare

# Comes before the real package on the path, and lends it a provider that fails in its own way.
STAND_IN = """
import ctypes, os, sys, time
sys.path.remove(os.path.dirname(__file__))
del sys.modules["onnxruntime"]
import onnxruntime

NAME = "OpenVINOExecutionProvider"

class Session(onnxruntime.InferenceSession):
    def __init__(self, path, settings, providers, **more):
        self.other = providers[0][0] == NAME
        super().__init__(path, settings, providers=["CPUExecutionProvider"], **more)

    def get_providers(self):
        return [NAME] * self.other + super().get_providers()

    def run(self, names, inputs, *more):
        found = super().run(names, inputs, *more)
        if self.other:
            with open(os.environ["RUNS"], "a") as runs:
                print(os.getpid(), file=runs)
            FAULT
        return found

onnxruntime.InferenceSession = Session
onnxruntime.get_available_providers = lambda: [NAME, "CPUExecutionProvider"]
"""
PROGRAM = """
import logging, os, sys
from pathlib import Path
from edgereg.engines import proof, select
logging.basicConfig(level=logging.WARNING)
proof.LIMIT_S = 6.0 if "hang" in sys.argv else 60.0
print(os.getpid(), select.load_engine(Path(sys.argv[1])).provider)
"""
LISTING = """
from edgereg.engines import select
for row in select.list_providers():
    print(row.name, row.status, row.reason)
"""


@pytest.fixture
def start(
    tmp_path: Path, tiny_graphs: dict[str, Callable[[], bytes]]
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """start(fault, code) runs a program where another provider than the CPU has a fault."""
    path = tmp_path / "predict.onnx"
    path.write_bytes(tiny_graphs["predict"]())
    first = tmp_path / "first_on_the_path"
    first.mkdir()

    def run(fault: str, code: str = PROGRAM) -> subprocess.CompletedProcess[str]:
        (first / "onnxruntime.py").write_text(STAND_IN.replace("FAULT", fault))
        env = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(first), *sys.path]),
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
            "RUNS": str(tmp_path / "runs"),
        }
        command = [sys.executable, "-c", code, str(path), "hang" if "sleep" in fault else ""]
        return subprocess.run(
            command, env=env, capture_output=True, text=True, timeout=120, check=False
        )

    return run


FAULTS = {
    "ctypes.string_at(0)": "ended its process by SIGSEGV",
    "os.abort()": "ended its process by SIGABRT",
    "os._exit(3)": "ended its process with code 0x3",
    "time.sleep(600)": "came to no end within 6 s",
    "raise MemoryError": "OpenVINOExecutionProvider failed: MemoryError",
    "found = [0 * array for array in found]": "differs from the CPU's by",
    "found = [array / 0 for array in found]": "is not finite where the CPU's is",
}


@pytest.mark.skipif(sys.platform == "win32", reason="signals have names on POSIX only")
@pytest.mark.parametrize("fault", FAULTS)
def test_the_cpu_takes_over_and_the_log_says_why(
    start: Callable[..., subprocess.CompletedProcess[str]], fault: str
) -> None:
    begun = time.monotonic()
    done = start(fault)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[1] == "CPUExecutionProvider"
    line = next(line for line in done.stderr.splitlines() if "does not work" in line)
    assert FAULTS[fault] in line
    assert "OpenVINOExecutionProvider" in line
    assert time.monotonic() - begun < 60


def test_what_passed_needs_no_child_the_next_time(
    start: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    first, second = start("pass"), start("pass")
    for done in (first, second):
        assert done.returncode == 0, done.stderr
        assert done.stdout.split()[1] == "OpenVINOExecutionProvider"
    runs = (tmp_path / "runs").read_text().split()
    here = [done.stdout.split()[0] for done in (first, second)]
    assert runs[1:] == here
    assert runs[0] not in here


def test_a_cache_that_can_not_be_written_is_no_fault_of_the_provider(
    start: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("a file where the cache's folder should be")
    assert start("pass").stdout.split()[1] == "OpenVINOExecutionProvider"


@pytest.mark.skipif(sys.platform == "win32", reason="signals have names on POSIX only")
def test_the_list_of_providers_survives_a_crash(
    start: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    rows = start("ctypes.string_at(0)", LISTING).stdout.splitlines()
    assert "OpenVINOExecutionProvider fails ended its process by SIGSEGV" in rows
    assert any(row.startswith("CPUExecutionProvider works") for row in rows)


def test_compilers_may_take_longer(
    tmp_path: Path, tiny_graphs: dict[str, Callable[[], bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "predict.onnx"
    path.write_bytes(tiny_graphs["predict"]())
    monkeypatch.setattr(proof, "LIMIT_S", 0.001)
    with pytest.raises(EngineError, match="came to no end within 0 s; name another --engine"):
        proof.prove(path, "CPUExecutionProvider")
    with pytest.raises(EngineError, match="is not in this ONNX Runtime"):
        proof.prove(path, "MIGraphXExecutionProvider")


def test_another_shape_is_another_function() -> None:
    with pytest.raises(EngineError, match="another shape"):
        compare({"y": np.zeros(3)}, {"y": np.zeros(4)})
    with pytest.raises(EngineError, match="'y' is missing"):
        compare({}, {"y": np.zeros(4)})


def test_small_numbers_are_compared_as_well() -> None:
    small = np.array([0.3, -0.25, 0.1], np.float32)
    compare({"y": small * 1.01}, {"y": small})
    with pytest.raises(EngineError, match="differs"):
        compare({"y": 0 * small}, {"y": small})


def test_what_is_impossible_on_the_cpu_must_be_impossible() -> None:
    wanted = np.array([-np.inf, 1, np.nan], np.float32)
    compare({"y": wanted.copy()}, {"y": wanted})
    for other in ([0, 1, np.nan], [-np.inf, np.nan, np.nan], [-np.inf, 1, 2]):
        with pytest.raises(EngineError, match="not finite where"):
            compare({"y": np.array(other, np.float32)}, {"y": wanted})


def test_whole_numbers_and_nothing_at_all() -> None:
    compare(
        {"n": np.arange(5), "none": np.zeros((0, 3))}, {"n": np.arange(5), "none": np.zeros((0, 3))}
    )
    with pytest.raises(EngineError, match="differs from the CPU's by 4"):
        compare({"n": np.zeros(5, int)}, {"n": np.arange(5)})
