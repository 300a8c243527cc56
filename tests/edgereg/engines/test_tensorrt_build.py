"""Compiling with the stand-in for TensorRT: the cache, ranges, timings, failures and fall-backs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")

from edgereg.core.errors import EngineError
from edgereg.engines import select
from edgereg.engines.cache import EngineCache
from edgereg.engines.profile import profile_of
from edgereg.engines.ranges import Batch
from edgereg.engines.tensorrt import build
from edgereg.engines.tensorrt.api import TensorRT
from edgereg.engines.tensorrt.build import build_engine, load_tensorrt

from .cpu_answers import images, same


def natively(monkeypatch: pytest.MonkeyPatch) -> None:
    """TensorRT is found, and proven here: a process of its own would not have the stand-in."""
    monkeypatch.setattr(select, "_has_native", lambda: True)
    monkeypatch.setattr(select, "prove_once", lambda file, name: None, raising=False)


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


def test_a_run_takes_what_was_compiled(
    fake_trt: Any, cache: EngineCache, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the range is not the usual one: a run names none."""
    build_engine(folder, cache=cache, batch=Batch(1, 4, 32))
    assert fake_trt.builds == 3
    engine = load_tensorrt(folder / "predict.onnx", cache=cache)
    same(engine.run(images(32)), folder / "predict.onnx", images(32))
    assert all(built.cached for built in build_engine(folder, cache=cache))
    assert fake_trt.builds == 3
    for kept in cache.root.glob("batch-*"):
        kept.write_text("nonsense")
    load_tensorrt(folder / "predict.onnx", cache=cache)
    assert fake_trt.builds == 4


def test_a_graph_that_reads_bytes_is_refused_and_auto_goes_on(
    fake_trt: Any, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    """As the graphs did that transposed their images before they cast them."""
    from onnx import TensorProto, helper, save

    nodes = [
        helper.make_node("Transpose", ["images"], ["turned"], name="turn", perm=[0, 3, 1, 2]),
        helper.make_node("Cast", ["turned"], ["out"], name="cast", to=TensorProto.FLOAT),
    ]
    given = helper.make_tensor_value_info("images", TensorProto.UINT8, ("b", 8, 8, 3))
    made = helper.make_tensor_value_info("out", TensorProto.FLOAT, ("b", 3, 8, 8))
    graph = helper.make_graph(nodes, "g", [given], [made])
    path = tmp_path / "bytes.onnx"
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    monkeypatch.setattr("platformdirs.user_cache_path", lambda _: tmp_path / "user")
    with pytest.raises(EngineError, match=r"can't read the graph: .* turn and operator: Transpose"):
        load_tensorrt(path)
    natively(monkeypatch)
    assert select.load_engine(path, "auto").provider == select.CPU
    assert caplog.text.count("TensorRT does not work") == 1


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
    assert profile.shapes["initial"] == ((1, 1, 3), (2, 10, 3), (8, 300, 3))
    assert profile.values == {"steps": ((0,), (4,), (1000,))}
    assert profile_of(folder / "predict.onnx").shapes["images"][2] == (16, 8, 8, 3)
    with pytest.raises(ValueError, match="is no range"):
        Batch(4, 2, 8)


def test_auto_takes_it_where_it_works_and_falls_back_where_not(
    fake_trt: Any, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    natively(monkeypatch)
    monkeypatch.setattr(select, "prove_once", lambda file, name: None)  # no stand-in in a child
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
