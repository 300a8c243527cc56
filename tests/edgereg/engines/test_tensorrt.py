"""The TensorRT engine on a faithful stand-in: right answers, ranges, graphs, and failures.

Nothing here ran on a GPU; what is tested is that the published API is used as it is documented.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")

from edgereg.engines import build, select
from edgereg.engines.build import build_engine, load_tensorrt
from edgereg.engines.cache import EngineCache
from edgereg.engines.cuda_api import Cuda
from edgereg.engines.onnx import OnnxEngine
from edgereg.engines.profile import Batch, profile_of
from edgereg.engines.tensorrt_api import TensorRT
from edgereg.errors import EngineError


@pytest.fixture
def cache(tmp_path: Path) -> EngineCache:
    return EngineCache(tmp_path / "cache", wait_s=5)


@pytest.fixture
def folder(tiny_model: Callable[..., Any]) -> Path:
    return Path(tiny_model("colour").path)


def images(batch: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(batch)
    return {"images": rng.integers(0, 256, (batch, 8, 8, 3), dtype=np.uint8)}


def climb(batch: int, steps: int = 4) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(batch)
    return {
        "features": rng.random((batch, 3), dtype=np.float32),
        "initial": rng.random((batch, 2, 3), dtype=np.float32),
        "step_length": np.ones(3, np.float32),
        "decay": np.asarray(0.5, np.float32),
        "steps": np.asarray(steps, np.int64),
    }


def same(found: dict[str, Any], path: Path, inputs: dict[str, np.ndarray]) -> None:
    expected = OnnxEngine(path, threads=1).run(inputs)
    assert list(found) == list(expected)
    for name, array in expected.items():
        assert np.array_equal(found[name], array), name
        assert found[name].dtype == array.dtype


@pytest.mark.parametrize("batch", [1, 3, 16, 17, 40, 0])
def test_it_computes_what_the_cpu_does(
    fake_trt: Any, cache: EngineCache, folder: Path, batch: int
) -> None:
    engine = load_tensorrt(folder / "predict.onnx", cache=cache)
    for _ in range(3):
        same(engine.run(images(batch)), folder / "predict.onnx", images(batch))
    assert engine.provider == "TensorRT"
    assert engine.inputs == ("images",)


def test_a_shape_set_by_a_number(fake_trt: Any, cache: EngineCache, folder: Path) -> None:
    """`steps` lies in the host's memory and sets how long the trajectory is."""
    engine = load_tensorrt(folder / "refine.onnx", cache=cache)
    for steps in (4, 4, 4, 9, 0):
        same(engine.run(climb(2, steps)), folder / "refine.onnx", climb(2, steps))
    assert fake_trt.cuda.launches == 0


def test_a_shape_that_only_the_run_tells(fake_trt: Any, cache: EngineCache, folder: Path) -> None:
    fake_trt.late = {"values"}
    engine = load_tensorrt(folder / "predict.onnx", cache=cache)
    for batch in (2, 2, 2, 7):
        same(engine.run(images(batch)), folder / "predict.onnx", images(batch))


def test_repeated_shapes_replay_a_graph(fake_trt: Any, cache: EngineCache, folder: Path) -> None:
    engine = load_tensorrt(folder / "predict.onnx", cache=cache)
    for batch in (2, 2, 2, 2, 5, 2, 2, 2):
        inputs = {"images": np.full((batch, 8, 8, 3), 10 * batch, np.uint8)}
        same(engine.run(inputs), folder / "predict.onnx", inputs)
    assert fake_trt.cuda.launches == 3 + 2


def test_what_can_not_be_captured_runs_all_the_same(
    fake_trt: Any, cache: EngineCache, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fake_trt.fail = {"capture"}
    engine = load_tensorrt(folder / "predict.onnx", cache=cache)
    with caplog.at_level(logging.INFO):
        for _ in range(4):
            same(engine.run(images(2)), folder / "predict.onnx", images(2))
    assert caplog.text.count("runs without a CUDA graph") == 1


def test_memory_is_given_back(fake_trt: Any, cache: EngineCache, folder: Path) -> None:
    engine = load_tensorrt(folder / "predict.onnx", cache=cache)
    for batch in (1, 4, 16):
        engine.run(images(batch))
    for _ in range(3):
        engine.run(images(16))
    assert fake_trt.cuda.live == 2
    del engine
    assert fake_trt.cuda.blocks == {}
    assert fake_trt.cuda.pinned == {}
    assert fake_trt.cuda.live == 0


@pytest.mark.parametrize(
    ("inputs", "complaint"),
    [
        ({}, "input 'images' is missing"),
        ({"images": np.zeros((1, 8, 8, 3), np.float32)}, "is float32, the engine takes uint8"),
        ({"images": np.zeros((1, 9, 8, 3), np.uint8)}, "built for [1, 8, 8, 3] to [16, 8, 8, 3]"),
        ({"images": np.zeros((8, 8, 3), np.uint8)}, "has shape [8, 8, 3]"),
    ],
)
def test_inputs_that_do_not_fit(
    fake_trt: Any, cache: EngineCache, folder: Path, inputs: Any, complaint: str
) -> None:
    engine = load_tensorrt(folder / "predict.onnx", cache=cache)
    with pytest.raises(EngineError) as caught:
        engine.run(inputs)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)
    same(engine.run(images(2)), folder / "predict.onnx", images(2))


@pytest.mark.parametrize(
    ("fail", "complaint"),
    [
        ("builder", "no builder: is there a GPU?"),
        ("parse", "can't read the graph: In node 3 (importTopK): UNSUPPORTED_NODE"),
        ("build", "can't build an engine: [E] 2: OutOfMemory: no tactic fits"),
        ("load", "the plan was made by another version"),
        ("context", "can't make room"),
    ],
)
def test_a_failure_to_build_is_one_line_and_leaves_nothing(
    fake_trt: Any, cache: EngineCache, folder: Path, fail: str, complaint: str
) -> None:
    fake_trt.fail = {fail}
    with pytest.raises(EngineError) as caught:
        load_tensorrt(folder / "predict.onnx", cache=cache)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)
    fake_trt.fail = set()
    same(
        load_tensorrt(folder / "predict.onnx", cache=cache).run(images(2)),
        folder / "predict.onnx",
        images(2),
    )


def test_a_run_that_fails_is_named(fake_trt: Any, cache: EngineCache, folder: Path) -> None:
    engine = load_tensorrt(folder / "predict.onnx", cache=cache)
    fake_trt.fail = {"run"}
    with pytest.raises(EngineError, match="the run failed"):
        engine.run(images(1))


def test_too_little_device_memory(fake_trt: Any, cache: EngineCache, folder: Path) -> None:
    engine = load_tensorrt(folder / "predict.onnx", cache=cache)
    fake_trt.cuda.room = 100
    with pytest.raises(EngineError, match=r"bytes of device memory can't be had: out of memory"):
        engine.run(images(4))


def test_shapes_that_do_not_go_together(fake_trt: Any, cache: EngineCache, folder: Path) -> None:
    engine = load_tensorrt(folder / "refine.onnx", cache=cache)
    fake_trt.fail = {"infer"}
    with pytest.raises(EngineError, match="can't work out the shapes: dimension 1 of two inputs"):
        engine.run(climb(2))


def test_no_driver(fake_cuda: Any) -> None:
    """cuda-python 12.6, the one for JetPack 6, raises an error of its own."""
    fake_cuda.driver = False
    with pytest.raises(EngineError, match=r"no CUDA driver: Failed to dlopen libcuda\.so\.1"):
        Cuda()


def test_no_device(fake_cuda: Any) -> None:
    fake_cuda.devices = 0
    with pytest.raises(EngineError, match="no CUDA-capable device is detected"):
        Cuda()


@pytest.mark.parametrize("version", ["8.6.1", "10.2.0"])
def test_an_old_version_is_refused(fake_trt: Any, version: str) -> None:
    fake_trt.__version__ = version
    with pytest.raises(EngineError, match=r"needs 10\.3 or newer"):
        TensorRT()


def test_the_second_start_builds_nothing(fake_trt: Any, cache: EngineCache, folder: Path) -> None:
    first = build_engine(folder, cache=cache)
    again = build_engine(folder, cache=cache)
    assert [engine.graph for engine in first] == ["predict", "refine", "density"]
    assert not any(engine.cached for engine in first)
    assert all(engine.cached for engine in again)
    assert fake_trt.builds == 3
    build_engine(folder, cache=cache, batch=Batch(1, 4, 8))
    assert fake_trt.builds == 6


def test_a_cached_plan_that_does_not_load_is_built_again(
    fake_trt: Any, cache: EngineCache, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    load_tensorrt(folder / "predict.onnx", cache=cache)
    loads = [0]
    load = TensorRT.load

    def fails_once(self: TensorRT, plan: bytes) -> Any:
        loads[0] += 1
        if loads[0] == 1:
            raise EngineError("wrong board")
        return load(self, plan)

    monkeypatch.setattr(TensorRT, "load", fails_once)
    engine = load_tensorrt(folder / "predict.onnx", cache=cache)
    assert fake_trt.builds == 2
    assert caplog.text.count("wrong board") == 1
    same(engine.run(images(2)), folder / "predict.onnx", images(2))


@pytest.mark.parametrize("timings", [b"", b"known", b"damaged", b"foreign"])
def test_timings_are_kept(fake_trt: Any, cache: EngineCache, folder: Path, timings: bytes) -> None:
    cache.root.mkdir()
    kept = cache.root / f"{build.TIMING}-{fake_trt.__version__}"
    kept.write_bytes(timings)
    load_tensorrt(folder / "predict.onnx", cache=cache)
    assert kept.read_bytes() == (b"known+learnt" if timings == b"known" else b"+learnt")


def test_ranges_follow_the_model(folder: Path, tiny_model: Callable[..., Any]) -> None:
    profile = profile_of(folder / "refine.onnx", Batch(1, 2, 8))
    assert profile.shapes["features"] == ((1, 3), (2, 3), (8, 3))
    assert profile.shapes["initial"] == ((1, 1, 3), (2, 10, 3), (8, 64, 3))
    assert profile.values == {"steps": ((0,), (4,), (1000,))}
    assert profile_of(folder / "predict.onnx").shapes["images"][2] == (16, 8, 8, 3)
    with pytest.raises(ValueError, match="is no range"):
        Batch(4, 2, 8)


def test_auto_takes_it_where_it_works_and_falls_back_where_not(
    fake_trt: Any, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    monkeypatch.setattr(select, "_has_native", lambda: True)
    monkeypatch.setattr("platformdirs.user_cache_path", lambda _: tmp_path / "user")
    assert select.load_engine(folder / "predict.onnx", "auto").provider == "TensorRT"
    fake_trt.fail = {"load"}
    assert select.load_engine(folder / "predict.onnx", "auto").provider == select.CPU
    assert "TensorRT does not work" in caplog.text


def test_without_tensorrt_it_says_how_to_get_it(fake_cuda: Any, folder: Path) -> None:
    if select._has_native():
        pytest.skip("TensorRT is installed")
    with pytest.raises(EngineError, match=r"not installed; on a Jetson .*--system-site-packages"):
        select.load_engine(folder / "predict.onnx", "tensorrt")
