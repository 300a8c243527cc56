"""'auto' takes the fastest provider that is proven, and says why the others are out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from edgereg.core.errors import EngineError
from edgereg.engines import select
from edgereg.engines.onnx import CPU, OnnxEngine
from edgereg.engines.probe import probe_of


@dataclass
class FakeEngine:
    """Returns x + `bias`, or raises."""

    provider: str
    bias: float = 0.0
    fails: Exception | None = None
    inputs: tuple[str, ...] = ("x",)
    outputs: tuple[str, ...] = ("y",)

    def run(self, inputs: Any) -> dict[str, np.ndarray]:
        if self.fails:
            raise self.fails
        return {"y": inputs["x"] + np.float32(self.bias)}


@dataclass
class KeepsWrongly(FakeEngine):
    """Right on the host; what it leaves on its device is zeros."""

    device: str | None = "there"

    def run_keeping(self, inputs: Any, keep: Any) -> dict[str, np.ndarray]:
        return {name: 0 * array for name, array in self.run(inputs).items()}


MODEL = Path("m.onnx")
PROBE = {"x": np.arange(4, dtype=np.float32)}


@pytest.fixture(autouse=True)
def probe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(select, "probe_of", lambda path: PROBE if path == MODEL else probe_of(path))


def choose(
    engines: dict[str, FakeEngine | None], cpu: FakeEngine | None = None, crashing: str = ""
) -> str:
    """The provider chosen among `engines`, fastest first; None can't be loaded."""

    def load(_: Path, name: str) -> FakeEngine:
        engine = cpu or FakeEngine(CPU) if name == CPU else engines[name]
        if engine is None:
            raise EngineError("no driver")
        return engine

    def prover(_: Path, name: str) -> None:
        if name == crashing:
            raise EngineError("ended its process by SIGSEGV")

    return select.choose(MODEL, [*engines, CPU], load, prover).provider


def test_the_fastest_that_agrees_wins() -> None:
    assert choose({"A": FakeEngine("A", 1e-3), "B": FakeEngine("B")}) == "A"


def test_what_crashes_a_child_is_never_loaded_here(caplog: pytest.LogCaptureFixture) -> None:
    assert choose({"A": None, "B": FakeEngine("B")}, crashing="A") == "B"
    assert "A does not work: ended its process by SIGSEGV" in caplog.text


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (None, "no driver"),
        (FakeEngine("A", fails=EngineError("out of memory")), "out of memory"),
        (FakeEngine("A", fails=AttributeError("no execute_async_v3")), "no execute_async_v3"),
        (FakeEngine("A", fails=MemoryError()), "MemoryError"),
        (FakeEngine("A", bias=1.0), "differs from the CPU's by 1"),
        (FakeEngine("A", bias=float("nan")), "not finite"),
        (KeepsWrongly("A"), "differs from the CPU's by 3"),
    ],
)
def test_what_does_not_work_is_passed_over(
    caplog: pytest.LogCaptureFixture, broken: FakeEngine | None, reason: str
) -> None:
    with caplog.at_level(logging.WARNING):
        assert choose({"A": broken, "B": FakeEngine("B")}) == "B"
    assert reason in caplog.text
    assert "A does not work" in caplog.text


def test_the_cpu_is_the_last_resort() -> None:
    assert choose({"A": None}) == CPU


@pytest.mark.parametrize(
    ("cpu", "reason"),
    [
        (FakeEngine(CPU, bias=float("nan")), "no finite number on the CPU"),
        (FakeEngine(CPU, fails=EngineError("index out of range")), "nothing to compare with"),
    ],
)
def test_without_a_right_answer_nothing_can_be_proven(
    caplog: pytest.LogCaptureFixture, cpu: FakeEngine, reason: str
) -> None:
    assert choose({"A": FakeEngine("A", bias=float("nan"))}, cpu) == CPU
    assert reason in caplog.text


def test_a_probe_is_made_from_the_graph(
    tmp_path: Path, tiny_graphs: dict[str, Callable[[], bytes]]
) -> None:
    for name, make in tiny_graphs.items():
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(make())
        engine = select.load_engine(path, threads=1)
        assert engine.run(probe_of(path))
        assert engine.provider == CPU


def test_short_names_and_plugins(
    tmp_path: Path, tiny_graphs: dict[str, Callable[[], bytes]]
) -> None:
    path = tmp_path / "predict.onnx"
    path.write_bytes(tiny_graphs["predict"]())
    assert select.load_engine(path, "cpu").provider == CPU
    own = FakeEngine("own")
    assert select.load_engine(path, "own", loaders={"own": lambda path, threads: own}) is own
    with pytest.raises(EngineError, match=r"not in this ONNX Runtime.*; --engine auto"):
        select.load_engine(path, "nonsense")


def test_the_list_of_providers_is_proven() -> None:
    rows = {row.name: row for row in select.list_providers()}
    assert rows[CPU].status == "works"
    assert set(rows) == set(select.RANKING)
    assert all(row.reason for row in rows.values())


class CompilingEngine(OnnxEngine):
    """The CPU under TensorRT's name: its first run compiles into the cache folder."""

    builds = 0

    def __init__(self, path: Any, provider: str = CPU, **more: Any) -> None:
        super().__init__(path, CPU, threads=1)
        self.options = more.get("options") or {}

    def run(self, inputs: Any) -> dict[str, np.ndarray]:
        compiled = Path(self.options["trt_engine_cache_path"]) / "graph.engine"
        if not compiled.exists():
            CompilingEngine.builds += 1
            compiled.write_bytes(b"compiled")
        return super().run(inputs)


@pytest.fixture
def compiling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> type[CompilingEngine]:
    monkeypatch.setattr(select, "OnnxEngine", CompilingEngine)
    monkeypatch.setattr("platformdirs.user_cache_path", lambda _: tmp_path / "cache")
    CompilingEngine.builds = 0
    return CompilingEngine


def test_compiled_engines_are_kept_and_checked(
    tmp_path: Path, tiny_graphs: dict[str, Callable[[], bytes]], compiling: type[CompilingEngine]
) -> None:
    path = tmp_path / "predict.onnx"
    path.write_bytes(tiny_graphs["predict"]())
    for _ in range(2):
        engine = select.load_engine(path, "ort-tensorrt")
    assert compiling.builds == 1
    assert isinstance(engine, CompilingEngine)
    assert engine.options["trt_profile_max_shapes"] == "images:16x1024x1024x3"
    (compiled,) = (tmp_path / "cache").rglob("graph.engine")
    compiled.write_bytes(b"damaged")
    select.load_engine(path, "ort-tensorrt")
    assert compiling.builds == 2
    assert compiled.read_bytes() == b"compiled"


def test_a_cache_that_can_not_be_written_is_named(
    tmp_path: Path, tiny_graphs: dict[str, Callable[[], bytes]], compiling: type[CompilingEngine]
) -> None:
    (tmp_path / "cache").write_text("a file where the cache's folder should be")
    path = tmp_path / "predict.onnx"
    path.write_bytes(tiny_graphs["predict"]())
    with pytest.raises(EngineError, match="cache of compiled engines can't be written"):
        select.load_engine(path, "ort-tensorrt")
